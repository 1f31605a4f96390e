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
	}
}

export const theme = new ThemeChoice();
