/** Showing a second factor: one try at a time, and the pause the server asks for after too many. */
import { factor, passkeyChallenge, passkeySignIn, type Outcome } from '$lib/factors/calls';
import { show } from '$lib/factors/passkey';
import { Pause } from '$lib/factors/pause.svelte';
import { Attempts } from '$lib/parts/attempts.svelte';

export class SecondFactor extends Attempts {
	readonly pause = new Pause();

	constructor(readonly take: (outcome: Outcome) => void) {
		super();
	}

	totp(code: string): Promise<boolean> {
		return this.#try(() => factor({ totp: code }));
	}

	recovery(code: string): Promise<boolean> {
		return this.#try(() => factor({ recovery: code.trim() }));
	}

	reset(code: string): Promise<boolean> {
		return this.#try(() => factor({ reset: code.trim() }));
	}

	passkey(): Promise<boolean> {
		return this.#try(async () => {
			const { challenge, options } = await passkeyChallenge();
			return passkeySignIn(challenge, await show(options));
		});
	}

	/** Another way was chosen: what was said about the one before is over. */
	forget(): void {
		if (!this.pause.left) this.problem = null;
	}

	async #try(call: () => Promise<Outcome>): Promise<boolean> {
		if (this.pause.left > 0) return false;
		const done = await this.attempt(async () => this.take(await call()));
		if (this.problem) this.pause.begin(this.problem, () => (this.problem = null));
		return done;
	}
}
