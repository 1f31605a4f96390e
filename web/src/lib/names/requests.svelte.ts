/**
 * Names that members asked for and nobody decided yet, for those who manage members.
 *
 * What must stay true: the server knows which wait; this shows what it said last, and asks again whenever it hears that
 * one came or was decided, by whomever, or the line came back.
 */
import { Problem } from '$lib/api/problem';
import { live } from '$lib/live/store.svelte';
import { nameRequests, type NameRequest } from './calls';

class Requests {
	list = $state.raw<readonly NameRequest[]>([]);
	/** When it was read, ms. */
	at = $state(Date.now());
	problem = $state.raw<Problem | null>(null);

	#started = false;
	#round = 0;

	/** Once; later calls only make sure that it is so. */
	start(): void {
		if (this.#started) return;
		this.#started = true;
		live.whenMine('names', () => void this.load());
		live.whenOpen(() => void this.load());
		void this.load();
	}

	/** An answer that a later question has overtaken is let go. */
	async load(): Promise<void> {
		const round = (this.#round += 1);
		try {
			const list = await nameRequests();
			if (round !== this.#round) return;
			this.list = list;
			this.at = Date.now();
			this.problem = null;
		} catch (thrown) {
			if (round === this.#round) this.problem = Problem.from(thrown);
		}
	}
}

export const requests = new Requests();
