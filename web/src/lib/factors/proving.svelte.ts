/** Giving the proof that something asked for: which ways this person has, and one try at a time. */
import { Problem } from '$lib/api/problem';
import { proving } from '$lib/session/prove.svelte';
import { factors, passkeyChallenge, proof, type Proof } from './calls';
import { possible, show } from './passkey';
import { Pause } from './pause.svelte';

export type ProofWay = 'passkey' | 'totp' | 'password';

export class ProofGiving {
	/** In the order they are offered; nothing until the server has said which there are. */
	ways = $state.raw<readonly ProofWay[]>([]);
	way = $state<ProofWay>('password');
	password = $state('');
	code = $state('');
	busy = $state(false);
	problem = $state.raw<Problem | null>(null);
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
		this.busy = true;
		this.problem = null;
		try {
			await proof(await this.#proof());
			proving.settle(true);
			return true;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			this.pause.begin(this.problem, () => (this.problem = null));
			this.code = this.password = '';
			return false;
		} finally {
			this.busy = false;
		}
	}

	async #proof(): Promise<Proof> {
		if (this.way === 'totp') return { totp: this.code };
		if (this.way === 'password') return { password: this.password };
		const { challenge, options } = await passkeyChallenge();
		return { challenge, credential: await show(options) };
	}
}
