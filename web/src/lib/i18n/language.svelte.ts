/**
 * The reader's language. `getLocale` of the compiled messages reads the rune here, so that every word in a template
 * changes at once, without a reload.
 */
import { overwriteGetLocale } from '$lib/paraglide/runtime';
import { keep, kept } from './keep';

export type Tongue = 'ja' | 'en';

/** The first of the browser's languages we speak; Japanese when there is none. */
export function tongueOf(languages: readonly string[]): Tongue {
	for (const tag of languages) {
		const base = tag.toLowerCase().split('-')[0];
		if (base === 'ja' || base === 'en') return base;
	}
	return 'ja';
}

class Language {
	current = $state<Tongue>('ja');

	constructor() {
		overwriteGetLocale(() => this.current);
	}

	/** At start: the choice made in this browser, else the browser's own languages. */
	start(): void {
		const choice = kept('language');
		this.#put(choice === 'ja' || choice === 'en' ? choice : tongueOf(navigator.languages));
	}

	/** `null` follows the browser. */
	choose(choice: Tongue | null): void {
		keep('language', choice);
		this.#put(choice ?? tongueOf(navigator.languages));
	}

	#put(tongue: Tongue): void {
		this.current = tongue;
		document.documentElement.lang = tongue;
	}
}

export const language = new Language();
