/** Giving the proof that something asked for: which ways this person has, and one try at a time. */
import { Attempts } from '$lib/parts/attempts.svelte';
import { proving } from '$lib/session/prove.svelte';
import { factors, passkeyChallenge, proof, type Proof } from './calls';
import { possible, show } from './passkey';
import { Pause } from './pause.svelte';

export type ProofWay = 'passkey' | 'totp' | 'password';

export class ProofGiving extends Attempts {
	/** In the order they are offered; nothing until the server has said which there are. */
	ways = $state.raw<readonly ProofWay[]>([]);
	way = $state<ProofWay>('password');
	password = $state('');
	code = $state('');
	readonly pause = new Pause();

	/** A password always works, so not knowing the others keeps nobody out. */
	async look(): Promise<void> {
		const has = await factors().catch(() => null);
		this.ways = [
			...(has?.passkeys.length && possible() ? (['passkey'] as const) : []),
			...(has?.totp ? (['totp'] as const) : []),
			'password'
		];
		this.way = this.ways[0] ?? 'password';
	}

	choose(way: ProofWay): void {
		this.way = way;
		if (!this.pause.left) this.problem = null;
	}

	async send(): Promise<boolean> {
		if (this.busy || this.pause.left > 0) return false;
		const given = await this.attempt(async () => proof(await this.#proof()));
		if (given) proving.settle(true);
		else {
			this.pause.begin(this.problem, () => (this.problem = null));
			this.code = this.password = '';
		}
		return given;
	}

	async #proof(): Promise<Proof> {
		if (this.way === 'totp') return { totp: this.code };
		if (this.way === 'password') return { password: this.password };
		const { challenge, options } = await passkeyChallenge();
		return { challenge, credential: await show(options) };
	}
}
