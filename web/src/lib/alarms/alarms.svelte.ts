/**
 * What this person should know about their account, and, where they manage members, about everybody's.
 *
 * What must stay true: it is the server that knows what is new to whom; this only shows what it said last, and asks again
 * whenever it hears that something changed or the line came back.
 */
import { Problem } from '$lib/api/problem';
import { live } from '$lib/live/store.svelte';
import { session } from '$lib/session/session.svelte';
import * as calls from './calls';
import type { Alarm } from './calls';

class Alarms {
	own = $state.raw<readonly Alarm[]>([]);
	everybody = $state.raw<readonly Alarm[]>([]);
	/** The last page of `everybody` is not there yet. */
	next = $state.raw<string | null>(null);
	loaded = $state(false);
	busy = $state(false);
	problem = $state.raw<Problem | null>(null);

	/** New to this person, newest first; what was done on this very device is no news here. */
	readonly news = $derived(this.own.filter((one) => one.seen_at === null && !one.here));
	readonly warnings = $derived(this.everybody.filter((one) => one.seen_at === null));

	#started = false;
	#asking = false;
	#again = false;

	/** Once; later calls only make sure that it is so. */
	start(): void {
		if (this.#started) return;
		this.#started = true;
		live.whenMine('alarms', () => void this.load());
		live.whenOpen(() => void this.load());
		void this.load();
	}

	/** Asks anew; of many calls at once the last one counts. */
	async load(): Promise<void> {
		if (this.#asking) {
			this.#again = true;
			return;
		}
		this.#asking = true;
		try {
			do {
				this.#again = false;
				await this.#read();
			} while (this.#again);
		} catch (thrown) {
			this.problem = Problem.from(thrown);
		} finally {
			this.#asking = false;
		}
	}

	async #read(): Promise<void> {
		const [own, page] = await Promise.all([
			calls.ownAlarms(),
			session.may('members.manage') ? calls.adminAlarms() : null
		]);
		this.own = own.alarms;
		if (page) {
			this.everybody = page.alarms;
			this.next = page.next;
		}
		this.loaded = true;
		this.problem = null;
	}

	async more(): Promise<void> {
		const after = this.next;
		if (after)
			await this.#do(async () => {
				const page = await calls.adminAlarms(after);
				this.everybody = [...this.everybody, ...page.alarms];
				this.next = page.next;
			});
	}

	/** All of one's own that are new, have been seen. */
	async seenOwn(): Promise<void> {
		const newest = this.own[0];
		if (newest) await this.#do(() => calls.seeOwn(newest.id), true);
	}

	async seen(alarm: Alarm): Promise<void> {
		await this.#do(() => calls.see(alarm.id), true);
	}

	async seenAll(): Promise<void> {
		const newest = this.everybody[0];
		if (newest) await this.#do(() => calls.seeAll(newest.id), true);
	}

	/** Says that it was not this person. What was done, or nothing when it could not be. */
	async deny(alarm: Alarm): Promise<calls.Denied | null> {
		let done: calls.Denied | null = null;
		await this.#do(async () => (done = await calls.notMe(alarm.id)));
		return done;
	}

	async #do(act: () => Promise<unknown>, anew = false): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		this.problem = null;
		try {
			await act();
			if (anew) await this.load();
		} catch (thrown) {
			this.problem = Problem.from(thrown);
		} finally {
			this.busy = false;
		}
	}
}

export const alarms = new Alarms();
