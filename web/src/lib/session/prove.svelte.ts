/**
 * Asking once more who sits here, before something that cannot be left to a browser somebody walked away from (R23).
 * However many calls want the proof at once, one dialog is shown and one answer counts for all of them.
 */
import { whenProofNeeded } from '$lib/api/client';

class Proving {
	/** Whether the dialog is to be shown. */
	asking = $state(false);
	#waiting: Promise<boolean> | null = null;
	#settle: (proved: boolean) => void = () => {};

	/** `true`: the server has taken the proof. */
	ask(): Promise<boolean> {
		this.#waiting ??= new Promise((settle) => {
			this.#settle = settle;
			this.asking = true;
		});
		return this.#waiting;
	}

	settle(proved: boolean): void {
		this.asking = false;
		this.#waiting = null;
		this.#settle(proved);
	}
}

export const proving = new Proving();
whenProofNeeded(() => proving.ask());
