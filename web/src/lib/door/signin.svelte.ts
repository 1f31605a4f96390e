/**
 * The first proof: a password, a passkey, a recovery code or an invitation. Each is answered by the person, or by what
 * is still needed of them; `Entering` goes on from there.
 */
import { answer, api } from '$lib/api/client';
import type { InvitationLook } from '$lib/api/types';
import { passkeyChallenge, passkeySignIn, type Outcome } from '$lib/factors/calls';
import { fillsIn, show } from '$lib/factors/passkey';
import { Pause } from '$lib/factors/pause.svelte';
import { Attempts } from '$lib/parts/attempts.svelte';
import type { Entering } from './entering.svelte';
import { Meter } from './meter.svelte';
import { withPassword } from './opening';

/** A challenge lives five minutes on the server; the one behind the field is made anew before that. */
const QUIET_MS = 4 * 60_000;

/** What the ways have in common. */
abstract class WayIn extends Attempts {
	constructor(protected readonly entering: Entering) {
		super();
	}

	/** `true`: the server has let this proof count. */
	protected try(call: () => Promise<Outcome>): Promise<boolean> {
		return this.attempt(async () => this.entering.take(await call()));
	}
}

export class SignIn extends WayIn {
	login = $state('');
	password = $state('');
	readonly pause = new Pause();
	#quiet: AbortController | null = null;
	#again: ReturnType<typeof setTimeout> | undefined;

	async send(): Promise<boolean> {
		if (this.pause.left > 0) return false;
		const login = (this.entering.login = this.login.trim());
		const counted = await this.try(() => withPassword(login, this.password));
		this.password = '';
		this.pause.begin(this.problem, () => (this.problem = null));
		return counted;
	}

	/** A passkey alone. It works however often others have failed at the password (R6). */
	async passkey(): Promise<boolean> {
		// The browser knows one question at a time.
		this.#hush();
		const counted = await this.try(async () => {
			const { challenge, options } = await passkeyChallenge();
			return passkeySignIn(challenge, await show(options));
		});
		if (!counted) void this.offer();
		return counted;
	}

	/** Lets the browser offer a passkey among what it fills into the field; nobody notices where it cannot. */
	async offer(): Promise<void> {
		this.#hush();
		const quiet = (this.#quiet = new AbortController());
		try {
			if (!(await fillsIn())) return;
			const { challenge, options } = await passkeyChallenge();
			if (quiet.signal.aborted) return;
			this.#again = setTimeout(() => void this.offer(), QUIET_MS);
			const credential = await show(options, { quietly: true, signal: quiet.signal });
			if (quiet.signal.aborted) return;
			await this.try(() => passkeySignIn(challenge, credential));
		} catch {
			// Not chosen, or not to be had: the field and the button are still there.
		}
	}

	stop(): void {
		this.#hush();
		this.pause.stop();
	}

	#hush(): void {
		clearTimeout(this.#again);
		this.#quiet?.abort();
		this.#quiet = null;
	}
}

export class Recovery extends WayIn {
	login = $state('');
	code = $state('');
	readonly meter = new Meter();

	send(): Promise<boolean> {
		const body = { login: this.login.trim(), code: this.code.trim(), password: this.meter.password };
		return this.try(() => answer<Outcome>(api.POST('/api/v1/session/recover', { body })));
	}
}

export class Joining extends WayIn {
	login = $state('');
	readonly meter = new Meter();

	constructor(
		entering: Entering,
		readonly token: string,
		readonly look: InvitationLook
	) {
		super(entering);
	}

	send(): Promise<boolean> {
		const body = {
			token: this.token,
			password: this.meter.password,
			...(this.look.needs_login ? { login: this.login.trim() } : {})
		};
		return this.try(() => answer<Outcome>(api.POST('/api/v1/invitations/accept', { body })));
	}
}
