/** Adding a second factor: an authenticator app, confirmed with its first code, or a passkey of this browser. */
import { agentName } from '$lib/me/agent';
import { m } from '$lib/paraglide/messages';
import { Attempts } from '$lib/parts/attempts.svelte';
import {
	addPasskey,
	confirmTotp,
	newPasskeyChallenge,
	offerTotp,
	type Enrolled,
	type TotpOffer
} from './calls';
import { make } from './passkey';

export class Enrol extends Attempts {
	/** The secret, from the moment it is offered until it is confirmed or left. */
	offer = $state.raw<TotpOffer | null>(null);

	/** @param done told once a factor counts */
	constructor(readonly done: (made: Enrolled) => void | Promise<void>) {
		super();
	}

	startTotp(): Promise<boolean> {
		return this.attempt(async () => {
			this.offer = await offerTotp();
		});
	}

	confirm(code: string): Promise<boolean> {
		return this.attempt(async () => {
			const made = await confirmTotp(code);
			this.offer = null;
			await this.done(made);
		});
	}

	passkey(): Promise<boolean> {
		return this.attempt(async () => {
			const { challenge, options } = await newPasskeyChallenge();
			const name = agentName(navigator.userAgent) ?? m.passkey_unnamed();
			await this.done(await addPasskey(challenge, await make(options), name));
		});
	}

	/** Back to the choice. An offer that is not confirmed never counts. */
	leave(): void {
		this.offer = null;
		this.problem = null;
	}
}
