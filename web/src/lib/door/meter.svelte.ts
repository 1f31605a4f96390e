/**
 * Asks the server about a password while it is being chosen: its length, and whether it is in the list of leaked ones.
 * The server decides again when it is sent; this only saves a person from being refused then.
 */
import { answer, api } from '$lib/api/client';
import type { PasswordCheck } from '$lib/api/types';
import { m } from '$lib/paraglide/messages';
import { getLocale } from '$lib/paraglide/runtime';

/** R3: a password that stands alone, and one beside a second factor. The server's own limit is the one that counts. */
const SHORTEST = 15;
const SHORTEST_BESIDE = 8;
/** Long enough that typing does not ask at every letter. */
const PAUSE_MS = 300;
/** Segments of the bar. */
export const PARTS = 4;

/** How much of the bar is inked: the first three by length, the last only when the server would take it. */
export function filled(length: number, acceptable: boolean, shortest = SHORTEST): number {
	if (length === 0) return 0;
	if (acceptable) return PARTS;
	return Math.min(PARTS - 1, Math.max(1, Math.floor((length / shortest) * PARTS)));
}

export class Meter {
	password = $state('');
	/** Whether a second factor stands beside the password. */
	beside = $state(false);
	/** Fewest characters of a password for whoever this is. */
	readonly shortest: number = $derived(this.beside ? SHORTEST_BESIDE : SHORTEST);
	#said = $state.raw<PasswordCheck | null>(null);
	#asked = $state('');
	#timer: ReturnType<typeof setTimeout> | undefined;

	readonly length = $derived([...this.password.normalize('NFC')].length);
	/** What the server said, if it said it about what now stands in the field. */
	readonly #current = $derived(this.#asked === this.password ? this.#said : null);
	readonly parts = $derived(filled(this.length, this.#current?.acceptable ?? false, this.shortest));
	readonly words = $derived.by(() => {
		if (this.length === 0) return m.meter_hint();
		if (this.length < this.shortest)
			return m.meter_count({ length: this.length }) + m.meter_more({ missing: this.shortest - this.length });
		const said = this.#current;
		if (!said) return m.meter_count({ length: this.length }) + m.meter_asking();
		if (said.acceptable) return m.meter_fine({ length: this.length });
		return (getLocale() === 'en' ? said.detail_en : said.detail) ?? m.meter_count({ length: this.length });
	});

	/** Call when the password or the login changes. */
	ask(login: string): void {
		clearTimeout(this.#timer);
		const password = this.password;
		if (this.length < this.shortest) return;
		this.#timer = setTimeout(async () => {
			try {
				const body = {
					password,
					...(login ? { login } : {}),
					...(this.beside ? { second_factor: true } : {})
				};
				const said = await answer(api.POST('/api/v1/passwords/check', { body }));
				if (this.password !== password) return;
				this.#said = said;
				this.#asked = password;
			} catch {
				// The meter is advice: without an answer the length alone is shown, and sending decides.
			}
		}, PAUSE_MS);
	}
}
