/**
 * The way from the first proof to the app. The server says what is still needed; this keeps what it said last, and what
 * it showed only once.
 *
 * What must stay true: nobody is taken in (`session.me`) before the server has answered that nothing is needed.
 */
import { Problem } from '$lib/api/problem';
import type { Me } from '$lib/api/types';
import { began } from '$lib/device/hand';
import { isStanding, standing, type Enrolled, type Outcome, type Standing } from '$lib/factors/calls';
import { directory } from '$lib/people/directory.svelte';
import { session } from '$lib/session/session.svelte';

export class Entering {
	/** What is needed; nothing is known of a session before the first proof, and nothing is needed after the last. */
	standing = $state.raw<Standing | null>(null);
	/** Recovery codes to be put on paper before going on: they are never shown again. */
	codes = $state.raw<readonly string[]>([]);
	problem = $state.raw<Problem | null>(null);
	/** What they signed in by, when they typed it: their key in this browser is found by it the next time. */
	login: string | null = null;

	/** @param inside called once nothing is needed any more, and everything shown once has been seen */
	constructor(
		first: Standing | null,
		readonly inside: () => void
	) {
		this.standing = first;
	}

	/** Takes what an opening, or a step after it, was answered with. */
	take(outcome: Outcome): void {
		void began(outcome.session, isStanding(outcome) ? outcome.device?.id : undefined);
		if (isStanding(outcome)) {
			this.standing = outcome;
			return;
		}
		this.#accept(outcome);
		this.standing = null;
		this.#on();
	}

	/** A second factor was enrolled. */
	async enrolled(made: Enrolled): Promise<void> {
		this.codes = made.recovery_codes ?? [];
		if (made.me) {
			this.#accept(made.me);
			this.standing = null;
		} else {
			await this.ask();
		}
		this.#on();
	}

	/** The codes are on paper. */
	written(): void {
		this.codes = [];
		this.#on();
	}

	/** Asks anew what is needed: something may have been decided elsewhere. */
	async ask(): Promise<void> {
		this.problem = null;
		try {
			const now = await standing();
			if (now.needs) {
				this.standing = now;
				return;
			}
			if ((await session.load()) !== 'in') return;
			this.standing = null;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
		}
	}

	/** A step is done whose answer says nothing of what is needed next. */
	async passed(): Promise<void> {
		await this.ask();
		if (!this.problem) this.#on();
	}

	/** Somebody else wants to sign in here: this session ends. */
	async leave(): Promise<void> {
		this.problem = null;
		try {
			await session.end();
			location.replace('/sign-in');
		} catch (thrown) {
			this.problem = Problem.from(thrown);
		}
	}

	#accept(me: Me): void {
		// Someone else may have used this page before: none of what they could see stays.
		directory.clear();
		session.accept(me);
	}

	#on(): void {
		if (!this.standing && !this.codes.length) this.inside();
	}
}
