/** Light or dark. Without a choice the page follows the system, by CSS alone. */
import { keep, kept } from './keep';

export type Theme = 'light' | 'dark';

class ThemeChoice {
	choice = $state<Theme | null>(null);

	start(): void {
		const choice = kept('theme');
		this.choose(choice === 'light' || choice === 'dark' ? choice : null);
	}

	choose(choice: Theme | null): void {
		this.choice = choice;
		keep('theme', choice);
		if (choice) document.documentElement.dataset.theme = choice;
		else delete document.documentElement.dataset.theme;
		paintFrame(choice);
	}
}

/** The system's bars around the page are painted by media query, which knows nothing of a choice made by hand. */
function paintFrame(choice: Theme | null): void {
	for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[data-theme-of]')) {
		const { themeOf } = meta.dataset;
		const chosen = themeOf === choice ? 'all' : 'not all';
		meta.media = choice ? chosen : `(prefers-color-scheme: ${themeOf})`;
	}
}

export const theme = new ThemeChoice();
