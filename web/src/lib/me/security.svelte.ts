/** What protects one's own account, and changing it. Every change is the server's to allow; this shows what it said. */
import {
	factors,
	removePasskey,
	removeTotp,
	renamePasskey,
	type Factors,
	type Passkey
} from '$lib/factors/calls';
import { Attempts } from '$lib/parts/attempts.svelte';

export class Security extends Attempts {
	factors = $state.raw<Factors>() as Factors;

	/** How many second factors there are; whoever must have one keeps the last. */
	readonly count = $derived((this.factors.totp ? 1 : 0) + this.factors.passkeys.length);
	readonly last = $derived(this.factors.required && this.count === 1);

	constructor(first: Factors) {
		super();
		this.factors = first;
	}

	async refresh(): Promise<void> {
		this.factors = await factors();
	}

	removeTotp(): Promise<boolean> {
		return this.#change(removeTotp);
	}

	removePasskey(key: Passkey): Promise<boolean> {
		return this.#change(() => removePasskey(key.id));
	}

	rename(key: Passkey, name: string): Promise<boolean> {
		return this.#change(() => renamePasskey(key.id, name.trim()));
	}

	async #change(call: () => Promise<unknown>): Promise<boolean> {
		const done = await this.attempt(async () => {
			await call();
			await this.refresh();
		});
		// They were asked for a proof and would rather not: that is no trouble to tell them about.
		if (this.problem?.code === 'proof.needed') this.problem = null;
		return done;
	}
}
