/** Signing in, and the two other ways in: a recovery code and an invitation. Each leaves the session set when it works. */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { InvitationLook, Me } from '$lib/api/types';
import { directory } from '$lib/people/directory.svelte';
import { session } from '$lib/session/session.svelte';
import { Meter } from './meter.svelte';

/** What the three have in common: one try at a time, and what came of it. */
abstract class WayIn {
	busy = $state(false);
	problem = $state.raw<Problem | null>(null);

	/** `true`: this person is in. */
	protected async try(call: () => Promise<Me>): Promise<boolean> {
		if (this.busy) return false;
		this.busy = true;
		this.problem = null;
		try {
			const me = await call();
			// Someone else may have used this page before: none of what they could see stays.
			directory.clear();
			session.accept(me);
			return true;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			return false;
		} finally {
			this.busy = false;
		}
	}
}

export class SignIn extends WayIn {
	login = $state('');
	password = $state('');
	/** Seconds until another try is allowed. */
	wait = $state(0);
	#clock: ReturnType<typeof setInterval> | undefined;

	async send(): Promise<boolean> {
		if (this.wait > 0) return false;
		const body = { login: this.login.trim(), password: this.password };
		const inside = await this.try(() => answer(api.POST('/api/v1/session', { body })));
		this.password = '';
		if (this.problem?.code === 'signin.slow') this.#pause(Number(this.problem.facts.retry_after_ms ?? 0));
		return inside;
	}

	stop(): void {
		clearInterval(this.#clock);
	}

	#pause(ms: number): void {
		this.stop();
		this.wait = Math.ceil(ms / 1000);
		this.#clock = setInterval(() => {
			this.wait -= 1;
			if (this.wait > 0) return;
			this.stop();
			this.problem = null;
		}, 1000);
	}
}

export class Recovery extends WayIn {
	login = $state('');
	code = $state('');
	readonly meter = new Meter();

	send(): Promise<boolean> {
		const body = { login: this.login.trim(), code: this.code.trim(), password: this.meter.password };
		return this.try(() => answer(api.POST('/api/v1/session/recover', { body })));
	}
}

export class Joining extends WayIn {
	login = $state('');
	readonly meter = new Meter();

	constructor(
		readonly token: string,
		readonly look: InvitationLook
	) {
		super();
	}

	send(): Promise<boolean> {
		const body = {
			token: this.token,
			password: this.meter.password,
			...(this.look.needs_login ? { login: this.login.trim() } : {})
		};
		return this.try(() => answer(api.POST('/api/v1/invitations/accept', { body })));
	}
}
