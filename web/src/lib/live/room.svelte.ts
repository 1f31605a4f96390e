/**
 * One room as this client holds it: its state, the stretch of conversation that is loaded, and
 * the ways to load more.
 *
 * What must stay true: the state changes only through the functions of `reduce.ts`, each change a
 * whole new state; and a page that was asked for before another `open` is never laid into it.
 */
import { Problem } from '$lib/api/problem';
import * as calls from './calls';
import * as reduce from './reduce';
import type { RoomState } from './reduce';
import * as stretches from './stretch';
import type { Message, Room, RoomEvent } from './wire';

/** What a room needs to know of the client around it. */
export interface House {
	eyes: reduce.Eyes;
	now(): number;
	/** This room is on screen: what is only seen there is kept exact. */
	watched(room: string): boolean;
	/** A message of mine is in the conversation now: its letter may go. */
	shown(letter: string): void;
}

/** Messages of one page, and the most kept at once (about as many nodes stand in the page). */
const PAGE = 60;
const AROUND = 80;
const MOST = 300;
/** Events missed, from which on the room is read anew. */
const FAR = 500;
/** Milliseconds. */
const READ_EVERY = 700;
const READ_AGAIN = 5_000;
const RECOUNT_EVERY = 1_000;
const CATCH_UP_AGAIN = 1_000;
const TYPING_LASTS = 6_000;

/** Makes a change to what is loaded. */
export type Put = (change: () => void) => void;
const plainly: Put = (change) => change();

export class LiveRoom {
	#house: House;
	state = $state.raw() as RoomState;
	/** Who is writing just now. */
	typing = $state.raw<readonly string[]>([]);
	loading = $state<'open' | 'before' | 'after' | null>(null);
	problem = $state.raw<Problem | null>(null);
	/** Where reading had stopped when the room was opened: shown once per visit. */
	unreadMark = $state.raw<{ after: number; count: number } | null>(null);

	/** Raised by every `open`: pages asked for earlier are let go. */
	#round = 0;
	#catching = false;
	#readers = new Map<string, number>();
	#quotesAsked = new Set<string>();
	#typists = new Map<string, ReturnType<typeof setTimeout>>();
	#timers = new Map<'read' | 'recount' | 'catch', ReturnType<typeof setTimeout>>();
	/** Seen on screen up to here, and told to the server up to there. */
	#readTo = 0;
	#toldTo = 0;

	/** Read counts may have grown while nobody looked. */
	#countsLate = false;

	constructor(state: RoomState, house: House) {
		this.#house = house;
		this.state = state;
	}

	get id(): string {
		return this.state.room.id;
	}
	get room(): Room {
		return this.state.room;
	}
	get stretch(): stretches.Stretch | null {
		return this.state.stretch;
	}

	/** Events from the gateway, in any order. */
	take(events: readonly RoomEvent[]): void {
		const { me } = this.#house.eyes;
		const before = this.state;
		this.state = reduce.apply(before, events, this.#house.eyes);
		for (const event of events) {
			if (event.kind !== 'message.posted') continue;
			if (event.actor === me) this.#house.shown(event.body.message);
			else if (event.actor) this.#stopsTyping(event.actor);
		}
		if (this.state.stretch !== before.stretch) void this.#fillQuotes();
		if (reduce.hasGap(this.state)) void this.catchUp();
	}

	/** Fetches what is missing above the cursor until nothing is (R28). */
	async catchUp(atLeast = 0): Promise<void> {
		if (this.#catching) return;
		this.#catching = true;
		try {
			while (reduce.hasGap(this.state) || this.state.head < atLeast) {
				const { head } = this.state;
				const page = await calls.events(this.id, head);
				this.take(page.events);
				if (this.state.head === head) break;
			}
		} catch {
			this.#later('catch', CATCH_UP_AGAIN, () => void this.catchUp(atLeast));
		} finally {
			this.#catching = false;
		}
	}

	/** The server's word on the room: settings, members, counts. */
	overlay(room: Room): void {
		// After a long absence the way through every event is longer than starting anew.
		if (room.head - this.state.head > FAR && this.state.stretch) return void this.reload(null);
		this.state = reduce.overlay(this.state, room, this.#house.eyes);
		if (room.head > this.state.head)
			void this.catchUp(room.head).then(
				() => (this.state = reduce.overlay(this.state, room, this.#house.eyes))
			);
	}

	async refresh(): Promise<void> {
		this.overlay(await calls.room(this.id));
	}

	/** Too far behind, or what may be seen has changed: everything anew, at the place last looked at. */
	async reload(near: number | null): Promise<void> {
		const opened = this.state.stretch !== null;
		try {
			const room = await calls.room(this.id);
			const { more_after } = this.state.stretch ?? {};
			this.state = reduce.begin(room);
			this.#readers.clear();
			if (opened)
				await this.#load(
					more_after && near !== null ? { around: near, limit: AROUND } : { limit: PAGE },
					'replace'
				);
		} catch (thrown) {
			this.problem = Problem.from(thrown);
		}
	}

	/** Opens at a message, at the first unread, or at the end. */
	async open(at: number | null): Promise<void> {
		const { mine } = this.room;
		this.problem = null;
		this.unreadMark = mine.unread > 0 ? { after: mine.read, count: mine.unread } : null;
		const from = at ?? (mine.unread > 0 ? mine.read + 1 : null);
		if (this.#countsLate) this.recount();
		if (this.#holds(from)) return;
		this.#round += 1;
		const wanted = from === null ? { limit: PAGE } : { around: from, limit: AROUND };
		await this.#load(wanted, 'replace', 'open');
	}

	/** Reads the end of a room that was not opened yet, so that it is there when it is. Throws a `Problem`. */
	async prefetch(limit: number): Promise<void> {
		const round = this.#round;
		const page = await calls.page(this.id, { limit }, this.room.mine.floor);
		if (round !== this.#round || this.state.stretch) return;
		const next = reduce.lay(this.state, page, 'replace');
		if (next) this.state = next;
	}

	/** To the newest, wherever one is. */
	async toEnd(): Promise<void> {
		if (this.state.stretch && !this.state.stretch.more_after) return;
		this.#round += 1;
		await this.#load({ limit: PAGE }, 'replace', 'open');
	}

	/** `put` makes the change; the view may wrap it to keep its place. */
	async loadBefore(put: Put = plainly): Promise<void> {
		const { stretch } = this.state;
		const first = stretch?.messages[0];
		if (!stretch?.more_before || !first || this.loading) return;
		await this.#load({ before: first.seq, limit: PAGE }, 'before', 'before', put);
		put(() => this.#trim('start'));
	}

	async loadAfter(put: Put = plainly): Promise<void> {
		const { stretch } = this.state;
		const last = stretch?.messages.at(-1);
		if (!stretch?.more_after || !last || this.loading) return;
		await this.#load({ after: last.seq, limit: PAGE }, 'after', 'after', put);
		put(() => this.#trim('end'));
	}

	/** A long time at the end of a busy room: what is far above is let go. */
	trimAbove(): void {
		if (this.state.stretch && this.state.stretch.messages.length > MOST + PAGE) this.#trim('end');
	}

	#trim(side: 'start' | 'end'): void {
		const { stretch } = this.state;
		if (stretch) this.state = { ...this.state, stretch: stretches.trim(stretch, MOST, side) };
	}

	/** Whether the place is among what is loaded already. */
	#holds(seq: number | null): boolean {
		const { stretch } = this.state;
		if (!stretch) return false;
		const first = stretch.messages[0]?.seq ?? 0;
		const last = stretch.messages.at(-1)?.seq ?? 0;
		if (seq === null) return !stretch.more_after;
		return (seq >= first || !stretch.more_before) && (seq <= last || !stretch.more_after);
	}

	async #load(
		wanted: calls.Wanted,
		place: reduce.Place,
		as: 'open' | 'before' | 'after' = 'open',
		put: Put = plainly
	): Promise<void> {
		const round = this.#round;
		this.loading = as;
		try {
			for (let attempt = 0; attempt < 3; attempt += 1) {
				const page = await calls.page(this.id, wanted, this.room.mine.floor);
				if (round !== this.#round) return;
				const next = reduce.lay(this.state, page, place);
				if (!next) continue;
				put(() => (this.state = next));
				this.problem = null;
				break;
			}
			void this.#fillQuotes();
		} catch (thrown) {
			if (round === this.#round) this.problem = Problem.from(thrown);
		} finally {
			if (round === this.#round) this.loading = null;
		}
	}

	/** Where a message stands: among what is loaded, or asked. */
	async find(id: string): Promise<Message> {
		return this.state.stretch?.messages.find((one) => one.id === id) ?? (await calls.message(this.id, id));
	}

	async #fillQuotes(): Promise<void> {
		const wanted = this.state.stretch?.messages.filter((one) => !stretches.quoteIsKnown(one)) ?? [];
		for (const { reply_to } of wanted) {
			if (!reply_to || this.#quotesAsked.has(reply_to.message)) continue;
			this.#quotesAsked.add(reply_to.message);
			try {
				const source = await calls.message(this.id, reply_to.message);
				const { stretch } = this.state;
				if (stretch) this.state = { ...this.state, stretch: stretches.fillQuote(stretch, source) };
			} catch {
				// It stays a quote without words; the next load of the page brings them.
			}
			this.#quotesAsked.delete(reply_to.message);
		}
	}

	/** This message has been on screen: read from now on here, and told to the server at most every 0.7 s. */
	saw(seq: number): void {
		if (seq <= this.#readTo || seq <= this.room.mine.read) return;
		this.#readTo = seq;
		const { me } = this.#house.eyes;
		if (reduce.unreadAfter(this.state, seq, me))
			this.state = reduce.readUpTo(this.state, seq, this.#house.now(), me);
		if (!this.#timers.has('read')) this.#later('read', READ_EVERY, () => void this.#tellRead());
	}

	async #tellRead(): Promise<void> {
		const upto = this.#readTo;
		if (upto <= this.#toldTo) return;
		const { me } = this.#house.eyes;
		try {
			const { read } = await calls.read(this.id, upto);
			this.#toldTo = Math.max(this.#toldTo, upto);
			if (this.room.mine.read >= read) return;
			// How much is left unread cannot be told from what is loaded: the server knows.
			this.state = reduce.readUpTo(this.state, read, this.#house.now(), me);
			await this.refresh();
		} catch {
			this.#later('read', READ_AGAIN, () => void this.#tellRead());
		}
	}

	/** Someone, perhaps I elsewhere, has read up to `upto`. */
	wasRead(member: string, upto: number, at: number): void {
		const { me } = this.#house.eyes;
		if (member === me) {
			const known = reduce.unreadAfter(this.state, upto, me) !== null;
			const behind = upto > this.room.mine.read;
			this.state = reduce.readUpTo(this.state, upto, at, me);
			if (behind && !known) void this.refresh().catch(() => {});
			return;
		}
		const from = this.#readers.get(member) ?? null;
		if (from !== null && upto <= from) return;
		this.#readers.set(member, upto);
		const { stretch } = this.state;
		if (!stretch) return;
		const counted = stretches.countReader(stretch, member, from, upto);
		this.state = { ...this.state, stretch: counted.stretch };
		if (!counted.sure) this.recount();
	}

	/** Reads the counts anew, at most every second. */
	recount(): void {
		if (this.#timers.has('recount') || !this.state.stretch) return;
		this.#countsLate = !this.#house.watched(this.id);
		if (this.#countsLate) return;
		this.#later('recount', RECOUNT_EVERY, () => void this.#recount());
	}

	async #recount(): Promise<void> {
		const last = this.state.stretch?.messages.at(-1);
		if (!last) return;
		try {
			const counts = await calls.readCounts(this.id, last.seq + 1);
			const { stretch } = this.state;
			if (stretch) this.state = { ...this.state, stretch: stretches.recount(stretch, counts) };
		} catch {
			// Counts come again with the next reader.
		}
	}

	types(member: string): void {
		if (member === this.#house.eyes.me) return;
		clearTimeout(this.#typists.get(member));
		this.#typists.set(
			member,
			setTimeout(() => this.#stopsTyping(member), TYPING_LASTS)
		);
		this.typing = [...this.#typists.keys()];
	}

	#stopsTyping(member: string): void {
		clearTimeout(this.#typists.get(member));
		if (this.#typists.delete(member)) this.typing = [...this.#typists.keys()];
	}

	/** The line is gone: nobody is seen typing, and readers may have been missed. */
	lineLost(): void {
		for (const member of [...this.#typists.keys()]) this.#stopsTyping(member);
		this.#readers.clear();
	}

	/** Room settings that are mine alone, shown at once. */
	async setMine(change: calls.Keeping): Promise<void> {
		const { mine } = this.room;
		const put = (now: typeof mine) => (this.state = { ...this.state, room: { ...this.room, mine: now } });
		put({ ...mine, ...change });
		try {
			await calls.mine(this.id, change);
		} catch (thrown) {
			const { notify, quiet_until, favourite } = mine;
			put({ ...this.room.mine, notify, quiet_until, favourite });
			throw thrown;
		}
	}

	/** I was taken out of it while I did not hear. */
	leave(): void {
		this.stop();
		this.state = { ...reduce.begin(this.room), gone: true };
	}

	stop(): void {
		this.lineLost();
		for (const timer of this.#timers.values()) clearTimeout(timer);
		this.#timers.clear();
	}

	#later(name: 'read' | 'recount' | 'catch', ms: number, act: () => void): void {
		clearTimeout(this.#timers.get(name));
		this.#timers.set(
			name,
			setTimeout(() => {
				this.#timers.delete(name);
				act();
			}, ms)
		);
	}
}
