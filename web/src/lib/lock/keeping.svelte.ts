/** The lock of this member in this browser, as its settings show and change it. */
import { Problem } from '$lib/api/problem';
import { m } from '$lib/paraglide/messages';
import { session } from '$lib/session/session.svelte';
import * as engine from './engine';
import { demanded } from './hand';
import type { Lock } from './records';
import { CHOICES, strictest } from './rules';
import type { Tried } from './trying';
import { chosen, rest, watch } from './watch';

export class Keeping {
	lock = $state.raw<Lock | null>(null);
	busy = $state(false);
	/** Why the passcode that was asked for did not open it. */
	wrong = $state<string>();
	problem = $state.raw<Problem | null>(null);

	constructor(lock: Lock | null) {
		this.lock = lock;
	}

	/** Minutes that the organisation demands at most. */
	readonly most = $derived(demanded(session.me));
	readonly minutes = $derived(this.lock ? strictest(this.lock.minutes, this.most) : null);
	readonly choices = CHOICES;

	get #member(): string {
		return session.me?.member.id ?? '';
	}

	clear(): void {
		this.wrong = undefined;
		this.problem = null;
	}

	async #reload(): Promise<void> {
		this.lock = await engine.locks.get(this.#member);
	}

	/** `true`: it is done. */
	async #do(act: () => Promise<Tried | undefined | void>): Promise<boolean> {
		if (this.busy) return false;
		this.busy = true;
		this.clear();
		try {
			const tried = await act();
			if (tried?.is === 'spent') location.replace('/sign-in?why=tries');
			this.wrong = tried ? refusal(tried) : undefined;
			await this.#reload();
			return this.wrong === undefined;
		} catch (thrown) {
			this.problem =
				thrown instanceof Problem ? thrown : Problem.browser('lock.refused', m.lock_refused, thrown);
			return false;
		} finally {
			this.busy = false;
		}
	}

	async set(passcode: string): Promise<boolean> {
		const done = await this.#do(() => engine.set(this.#member, passcode));
		if (done) await watch(this.#member);
		return done;
	}

	change(present: string, next: string): Promise<boolean> {
		return this.#do(async () => (this.lock ? engine.change(this.lock, present, next) : undefined));
	}

	async off(present: string): Promise<boolean> {
		const done = await this.#do(async () => (this.lock ? engine.off(this.lock, present) : undefined));
		if (done) rest();
		return done;
	}

	addPasskey(present: string): Promise<boolean> {
		return this.#do(async () => (this.lock ? engine.addPasskey(this.lock, present) : undefined));
	}

	dropPasskey(): Promise<boolean> {
		return this.#do(() => engine.update(this.#member, { passkey: null }));
	}

	async choose(minutes: number): Promise<boolean> {
		const done = await this.#do(() => engine.update(this.#member, { minutes }));
		if (done) chosen(minutes);
		return done;
	}
}

function refusal(tried: Tried): string | undefined {
	if (tried.is === 'open') return undefined;
	if (tried.is === 'early') return m.lock_wait({ seconds: Math.ceil(tried.pause / 1000) });
	if (tried.is === 'wrong')
		return `${m.lock_wrong()}${tried.left <= 5 ? m.lock_left({ left: tried.left }) : ''}`;
	return m.lock_refused();
}
