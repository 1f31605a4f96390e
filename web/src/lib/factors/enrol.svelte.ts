/** Adding a second factor: an authenticator app, confirmed with its first code, or a passkey of this browser. */
import { Problem } from '$lib/api/problem';
import { agentName } from '$lib/me/agent';
import { m } from '$lib/paraglide/messages';
import {
	addPasskey,
	confirmTotp,
	newPasskeyChallenge,
	offerTotp,
	type Enrolled,
	type TotpOffer
} from './calls';
import { make } from './passkey';

export class Enrol {
	busy = $state(false);
	problem = $state.raw<Problem | null>(null);
	/** The secret, from the moment it is offered until it is confirmed or left. */
	offer = $state.raw<TotpOffer | null>(null);

	/** @param done told once a factor counts */
	constructor(readonly done: (made: Enrolled) => void | Promise<void>) {}

	startTotp(): Promise<boolean> {
		return this.#try(async () => {
			this.offer = await offerTotp();
		});
	}

	confirm(code: string): Promise<boolean> {
		return this.#try(async () => {
			const made = await confirmTotp(code);
			this.offer = null;
			await this.done(made);
		});
	}

	passkey(): Promise<boolean> {
		return this.#try(async () => {
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

	async #try(act: () => Promise<void>): Promise<boolean> {
		if (this.busy) return false;
		this.busy = true;
		this.problem = null;
		try {
			await act();
			return true;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			return false;
		} finally {
			this.busy = false;
		}
	}
}
