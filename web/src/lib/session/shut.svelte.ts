/**
 * Whether the organisation's rules shut the app at this moment, by hours or by network, and why.
 *
 * What must stay true: while it is shut nothing of the organisation is shown; and after that the server is asked before
 * anything that was kept here is.
 */
import type { Problem } from '$lib/api/problem';

const KEY = 'kairan.shut';

class Shut {
	why = $state.raw<Problem | null>(null);

	close(why: Problem): void {
		this.why = why;
		this.#note(true);
	}

	/** The server let us in. */
	opened(): void {
		this.#note(false);
	}

	/** Whether it was shut when this browser last asked. */
	get before(): boolean {
		try {
			return localStorage.getItem(KEY) !== null;
		} catch {
			return false;
		}
	}

	#note(on: boolean): void {
		try {
			if (on) localStorage.setItem(KEY, '1');
			else localStorage.removeItem(KEY);
		} catch {
			// A browser that keeps nothing keeps nothing to show either.
		}
	}
}

export const shut = new Shut();
