/** Opening the lock from its screen: what is typed, what came of it, and the wait before another try. */
import { Problem } from '$lib/api/problem';
import { openByPasskey, tryOpen } from './engine';
import type { Lock } from './records';
import { plain, SHORTEST, triesLeft, waits } from './rules';
import type { Tried } from './trying';

export class Opening {
	typed = $state('');
	busy = $state(false);
	/** Whole seconds until another try may be made; 0: now. */
	pause = $state(0);
	wrong = $state(false);
	left = $state(0);
	problem = $state.raw<Problem | null>(null);
	readonly lock: Lock;
	readonly #done: (tried: Tried) => void;
	#clock: ReturnType<typeof setInterval> | undefined;

	/** `done`: it is open, or everything is gone. */
	constructor(lock: Lock, done: (tried: Tried) => void) {
		this.lock = lock;
		this.#done = done;
		this.left = triesLeft(lock.wrong);
		this.#wait(waits(lock, Date.now()));
	}

	/** Takes what stands in the field; the sixth digit of six opens by itself. */
	take(typed: string): void {
		const { kind } = this.lock;
		this.typed = kind === 'text' ? typed : plain(typed).replace(/\D/g, '');
		if (kind === 'six') this.typed = this.typed.slice(0, SHORTEST);
		if (this.typed !== '') this.wrong = false;
		if (kind === 'six' && this.typed.length === SHORTEST) void this.send();
	}

	async send(): Promise<void> {
		if (this.busy || this.pause > 0 || this.typed === '') return;
		await this.#try(() => tryOpen(this.lock, this.typed));
	}

	async passkey(): Promise<void> {
		if (!this.busy) await this.#try(() => openByPasskey(this.lock));
	}

	async #try(act: () => Promise<Tried>): Promise<void> {
		this.busy = true;
		this.problem = null;
		try {
			const tried = await act();
			if (tried.is === 'wrong') {
				this.wrong = true;
				this.left = tried.left;
			}
			if (tried.is === 'wrong' || tried.is === 'early') this.#wait(tried.pause);
			else this.#done(tried);
		} catch (thrown) {
			this.problem = Problem.from(thrown);
		} finally {
			this.typed = '';
			this.busy = false;
		}
	}

	#wait(ms: number): void {
		this.stop();
		const end = Date.now() + ms;
		const count = () => {
			this.pause = Math.max(0, Math.ceil((end - Date.now()) / 1000));
			if (this.pause === 0) this.stop();
		};
		if (ms > 0) this.#clock = setInterval(count, 250);
		count();
	}

	stop(): void {
		clearInterval(this.#clock);
	}
}
