/** Choosing a passcode: typed twice, looked at before anything is done with it. */
import { m } from '$lib/paraglide/messages';
import { plain, SHORTEST, wrongWith } from './rules';

export class Choosing {
	first = $state('');
	second = $state('');
	/** What is wrong is said once somebody tried to go on. */
	#tried = $state(false);

	readonly #why = $derived(wrongWith(plain(this.first)));
	readonly firstWrong = $derived.by(() => {
		if (!this.#tried || !this.#why) return undefined;
		if (this.#why === 'short') return m.lock_short({ least: SHORTEST });
		return this.#why === 'long' ? m.lock_long() : m.lock_simple();
	});
	readonly secondWrong = $derived(
		this.#tried && !this.#why && plain(this.first) !== plain(this.second) ? m.lock_differs() : undefined
	);

	/** The passcode; `null`: it cannot be taken, and why is said. */
	take(): string | null {
		this.#tried = true;
		return this.#why || plain(this.first) !== plain(this.second) ? null : plain(this.first);
	}
}
