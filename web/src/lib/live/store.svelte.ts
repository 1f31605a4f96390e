/**
 * The living part of the client: every room I am in, who is there, and what is on its way.
 *
 * What must stay true: there is one of it, started with the session and stopped with it; frames
 * from the gateway touch the view at most once per animation frame, however many come.
 */
import { Problem } from '$lib/api/problem';
import { local } from '$lib/local/local';
import { piece } from '$lib/parts/piece';
import { directory } from '$lib/people/directory.svelte';
import { session } from '$lib/session/session.svelte';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import * as calls from './calls';
import { readKept } from './kept';
import type { Keeper } from './keeper';
import { Outbox, type Entry, type Letter, type Outcome, type Word } from './outbox';
import { begin } from './reduce';
import { LiveRoom, type House } from './room.svelte';
import { browser, Socket, type Line } from './socket';
import { Tabs } from './tabs';
import { newId } from './uuid';
import type { Frame, Message, Mine, Room, RoomEvent } from './wire';

/** Milliseconds. A hidden page draws no frames: then the batch goes by this timer. */
const HIDDEN_BATCH = 250;
/** After a welcome the server sends what is missing; what has not come by then is asked for (R28: within 2 s). */
const WELCOME_GRACE = 1_200;
/** Until the first page has its data. */
const KEEP_AFTER = 2_500;
const TYPING_EVERY = 3_000;

/** Files are fetched with the first one that is sent. */
const withUploads = async <T>(
	act: (uploads: (typeof import('$lib/files/uploads.svelte'))['uploads']) => T | Promise<T>
): Promise<T> => act((await import('$lib/files/uploads.svelte')).uploads);

const filesReady = ({ files }: Letter): Promise<Outcome<never> | null> =>
	// Without a line even the code for it may be out of reach: then it is tried again like everything else.
	withUploads((uploads) => uploads.ready(files)).catch(() => ({ is: 'delayed' }));

type Posted = Extract<RoomEvent, { kind: 'message.posted' }>;

class Live {
	readonly rooms = new SvelteMap<string, LiveRoom>();
	/** Who is there, of those in rooms on screen. */
	readonly present = new SvelteSet<string>();
	line = $state<Line>('resting');
	/** The list of rooms is known, from the server or from what this browser kept. */
	loaded = $state(false);
	/** The server has been asked since the start: what is not in the list is not there. */
	sure = $state(false);
	/** When there last was a line, ms since the epoch: what is shown is as of then. */
	asOf = $state(0);
	problem = $state.raw<Problem | null>(null);
	letters = $state.raw<readonly Entry[]>([]);

	#socket: Socket | null = null;
	#outbox: Outbox<Message> | null = null;
	#tabs: Tabs<Word> | null = null;
	#keeping: ReturnType<typeof setTimeout> | undefined;
	#queue: Frame[] = [];
	#scheduled = false;
	#looking: string[] = [];
	#typedAt = 0;
	#welcomed = false;
	#starting: Promise<void> | null = null;
	#stops: (() => void)[] = [];

	get me(): string {
		return session.me?.member.id ?? '';
	}

	/** Once per session; later calls wait for the same start. A failure is kept in `problem`, to be tried again. */
	start(): Promise<void> {
		this.#starting ??= this.#start().catch((thrown) => {
			this.problem = Problem.from(thrown);
			this.#starting = null;
		});
		return this.#starting;
	}

	async #start(): Promise<void> {
		await this.#openOutbox();
		const kept = this.rooms.size === 0 ? await readKept() : null;
		if (kept) {
			for (const state of kept.rooms) this.rooms.set(state.room.id, new LiveRoom(state, this.#house));
			this.asOf = kept.as_of;
			this.loaded = true;
		} else await this.refresh();
		this.problem = null;
		this.#socket = new Socket(browser(calls.ticket), {
			hello: () => ({ cursors: this.#cursors(), looking: this.#looking }),
			frame: (frame) => this.#hear(frame),
			line: (line) => this.#lineChanged(line)
		});
		this.#listen();
		this.#socket.start();
		this.#outbox?.go();
	}

	#keeper: Keeper | null = null;

	/** Fetched when there is time: nothing is kept in the first seconds. */
	async #keep(on: boolean): Promise<void> {
		if (!on) return this.#keeper?.stop();
		if (!this.#keeper) {
			const { Keeper } = await piece(() => import('./keeper'));
			this.#keeper ??= new Keeper({
				rooms: () => [...this.rooms.values()],
				current: () => this.line === 'open' && this.sure,
				now: () => Date.now()
			});
		}
		if (this.leads) this.#keeper.start();
	}

	async #openOutbox(): Promise<void> {
		if (this.#outbox) return;
		session.whenEnding(() => this.stop());
		const outbox = new Outbox<Message>({
			send: calls.send,
			ready: filesReady,
			store: {
				all: async () => (await local.all<Letter>('outbox')).map(([, letter]) => letter),
				put: (letter) => local.put('outbox', letter.id, letter),
				drop: (id) => local.drop('outbox', id)
			},
			say: (word) => this.#tabs?.say(word),
			takeOver: () => this.#tabs?.takeOver(),
			later: (act, ms) => setTimeout(act, ms),
			cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
			chance: () => Math.random(),
			changed: () => (this.letters = outbox.all),
			arrived: ({ id, room, files }) => {
				if (files.length > 0) void withUploads((uploads) => uploads.posted(files));
				this.#settle(room, id);
			}
		});
		this.#outbox = outbox;
		this.#tabs = new Tabs<Word>('kairan.outbox', {
			hear: (word) => {
				outbox.hear(word);
				if (word.t !== 'progress' || word.progress !== 'sent') return;
				const room = outbox.all.find((one) => one.id === word.id)?.room;
				if (room) this.#settle(room, word.id);
			},
			lead: (on) => {
				void outbox.lead(on);
				clearTimeout(this.#keeping);
				this.#keeping = setTimeout(() => void this.#keep(on), on ? KEEP_AFTER : 0);
			}
		});
		this.#tabs.start();
		await outbox.load();
	}

	/** Arrived: its letter goes once the conversation has the message. */
	#settle(room: string, id: string): void {
		const there = this.rooms.get(room)?.stretch?.messages.some((one) => one.id === id);
		if (there) this.#outbox?.shown(id);
	}

	/** This browser can open what it kept sealed: what waited there goes on. */
	async unsealed(): Promise<void> {
		await this.#outbox?.load();
		this.#outbox?.go();
	}

	/** What was written and would be lost with this page. */
	get fragile(): boolean {
		return !local.durable && this.letters.some((one) => one.progress !== 'sent');
	}

	#listen(): void {
		const on = (target: EventTarget, name: string, act: (event: Event) => void) => {
			target.addEventListener(name, act);
			this.#stops.push(() => target.removeEventListener(name, act));
		};
		const network = () => {
			this.#socket?.networkChanged();
			if (navigator.onLine) this.#outbox?.go();
		};
		on(window, 'online', network);
		on(window, 'offline', network);
		on(document, 'visibilitychange', () => {
			if (document.visibilityState === 'visible') this.#socket?.wake();
			this.#tellLooking();
		});
		on(window, 'beforeunload', (event) => {
			if (this.fragile) event.preventDefault();
		});
	}

	/** The session has ended: nothing of it stays in memory or in this browser. */
	stop(): void {
		for (const stop of this.#stops.splice(0)) stop();
		this.#socket?.stop();
		this.#socket = null;
		clearTimeout(this.#keeping);
		this.#keeper?.stop();
		this.#tabs?.stop();
		this.#tabs = null;
		this.#outbox = null;
		for (const room of this.rooms.values()) room.stop();
		this.rooms.clear();
		this.present.clear();
		this.letters = [];
		this.loaded = false;
		this.sure = false;
		this.#welcomed = false;
		this.#starting = null;
	}

	#house: House = {
		eyes: {
			get me() {
				return session.me?.member.id ?? '';
			},
			outsider: (member) => directory.member(member)?.kind === 'partner'
		},
		now: () => Date.now(),
		watched: (room) => this.#looking.includes(room),
		shown: (letter) => this.#outbox?.shown(letter)
	};

	#put(room: Room): LiveRoom {
		const there = this.rooms.get(room.id);
		if (there) {
			there.overlay(room);
			return there;
		}
		const made = new LiveRoom(begin(room), this.#house);
		this.rooms.set(room.id, made);
		return made;
	}

	/** A room I have just made or opened: shown before the gateway speaks of it. */
	adopt(room: Room): LiveRoom {
		return this.#put(room);
	}

	/** I am no longer in it, as I hear only now: who looks at it is told so, and nothing of it stays. */
	#lost(room: LiveRoom): void {
		if (this.#looking.includes(room.id)) room.leave();
		else this.drop(room.id);
	}

	/** I left it. */
	drop(room: string): void {
		this.rooms.get(room)?.stop();
		this.rooms.delete(room);
	}

	#cursors(): Record<string, number> {
		return Object.fromEntries([...this.rooms.values()].map((room) => [room.id, room.state.head]));
	}

	#lineChanged(line: Line): void {
		if (this.line === 'open') this.asOf = Date.now();
		this.line = line;
		if (line === 'open') {
			for (const act of this.#opens) act();
			return this.#outbox?.go();
		}
		this.present.clear();
		for (const room of this.rooms.values()) room.lineLost();
		// The server has ended this session: asking who we are leads to the sign-in page.
		if (line === 'ended')
			void session.load().then(
				(known) => known || location.reload(),
				() => {}
			);
	}

	#hear(frame: Frame): void {
		this.#queue.push(frame);
		if (this.#scheduled) return;
		this.#scheduled = true;
		const flush = () => {
			this.#scheduled = false;
			this.#flush(this.#queue.splice(0));
		};
		if (document.visibilityState === 'visible') requestAnimationFrame(flush);
		else setTimeout(flush, HIDDEN_BATCH);
	}

	#flush(frames: Frame[]): void {
		const events = new Map<string, RoomEvent[]>();
		const settle = () => {
			for (const [room, some] of events) this.#take(room, some);
			events.clear();
		};
		for (const frame of frames) {
			if (frame.t === 'event') {
				const some = events.get(frame.room) ?? [];
				some.push(frame);
				events.set(frame.room, some);
				continue;
			}
			settle();
			this.#obey(frame);
		}
		settle();
	}

	#take(id: string, events: RoomEvent[]): void {
		const room = this.rooms.get(id);
		if (!room) return;
		room.take(events);
		for (const event of events)
			if (event.kind === 'message.posted') for (const act of this.#posted) act(room, event);
	}

	#obey(frame: Exclude<Frame, { t: 'event' }>): void {
		switch (frame.t) {
			case 'welcome':
				return this.#welcome(frame.heads);
			case 'refetch':
				return void this.rooms.get(frame.room)?.reload(null);
			case 'read':
				return this.rooms.get(frame.room)?.wasRead(frame.member, frame.upto, frame.at);
			case 'typing':
				return this.rooms.get(frame.room)?.types(frame.member);
			case 'presence':
				return void (frame.online ? this.present.add(frame.member) : this.present.delete(frame.member));
			case 'member':
				return directory.put(frame.member);
			case 'departments':
				return void directory.reloadDepartments().catch(() => {});
			case 'me':
				return void Promise.all([session.load(), this.refresh()]).catch(() => {});
			case 'room':
				return this.#roomChanged(frame.room);
			case 'mine':
			case 'alarm': {
				const changed = frame.t === 'mine' ? frame.what : 'alarms';
				for (const { what, act } of this.#mine) if (what === changed) act();
				return;
			}
			case 'pong':
				return;
		}
	}

	#roomChanged(room: Room): void {
		const there = this.rooms.get(room.id);
		// Back after having been removed, or more may be seen than before: what is loaded no longer fits.
		if (there && (there.state.gone || there.room.mine.floor !== room.mine.floor)) this.drop(room.id);
		this.#put(room);
		void directory.reload().catch(() => {});
	}

	#welcome(heads: Record<string, number>): void {
		setTimeout(() => {
			for (const [id, head] of Object.entries(heads)) {
				const room = this.rooms.get(id);
				if (room && room.state.head < head) void room.catchUp(head);
			}
		}, WELCOME_GRACE);
		// After a later welcome counts and settings may have changed. Between the list and the first one, too, somebody
		// may have let me into a room, or taken me out of one.
		const mine = [...this.rooms.values()].filter(({ state }) => !state.gone);
		const same = mine.length === Object.keys(heads).length && mine.every(({ id }) => id in heads);
		if (this.#welcomed || !same || !this.sure) void this.refresh().catch(() => {});
		if (!this.sure) void directory.reload().catch(() => {});
		if (this.#welcomed) for (const room of this.rooms.values()) room.recount();
		this.#welcomed = true;
	}

	/** The list of rooms anew, under the conversations that are loaded. */
	async refresh(): Promise<void> {
		const all = await calls.rooms();
		const there = new Set(all.map((room) => room.id));
		for (const room of [...this.rooms.values()]) if (!there.has(room.id)) this.#lost(room);
		for (const room of all) {
			// What I may see has changed while I was away: what was kept no longer fits.
			if (this.rooms.get(room.id)?.room.mine.floor !== room.mine.floor) this.drop(room.id);
			this.#put(room);
		}
		this.loaded = true;
		this.sure = true;
		this.#settled.resolve();
	}

	#settled = settling();

	/** Waits until the server has been asked, there is no line to ask it, or `ms` have passed. */
	settled(ms: number): Promise<unknown> {
		if (this.sure || this.line === 'offline') return Promise.resolve();
		return Promise.race([this.#settled.promise, new Promise((resolve) => setTimeout(resolve, ms))]);
	}

	/** Rooms on screen: only of these come typing and presence. */
	look(rooms: string[]): void {
		this.#looking = rooms;
		this.#tellLooking();
	}

	#tellLooking(): void {
		const rooms = document.visibilityState === 'visible' ? this.#looking : [];
		this.#socket?.send({ t: 'looking', rooms });
	}

	/** I am writing here: told at most every 3 s. */
	type(room: string): void {
		const now = Date.now();
		if (now - this.#typedAt < TYPING_EVERY) return;
		if (this.#socket?.send({ t: 'typing', room })) this.#typedAt = now;
	}

	/** Hands a message to the outbox: shown at once, sent when there is a line. Resolves when it is kept. */
	async post(words: Pick<Letter, 'room' | 'text' | 'label' | 'reply_to' | 'files'>): Promise<void> {
		const letter: Letter = { ...words, id: newId(), written_at: Date.now() };
		// The files are on their way from this tab: it is the one that knows when they have arrived.
		this.#typedAt = 0;
		if (letter.files.length > 0) await this.#tabs?.takeOver();
		await this.#outbox?.post(letter);
	}

	retry(letter: string): void {
		this.#outbox?.retry(letter);
	}

	/** `null`: too late, it is on its way. */
	discard(letter: string): Promise<Letter | null> {
		return this.#outbox?.discard(letter) ?? Promise.resolve(null);
	}

	/** Thrown away for good, with what it carried. */
	async throwAway(letter: string): Promise<void> {
		const files = (await this.discard(letter))?.files ?? [];
		if (files.length > 0) void withUploads((uploads) => files.forEach((file) => uploads.cancel(file)));
	}

	/** Told each time the line opens. The same act is told once. */
	whenOpen(act: () => void): void {
		this.#opens.add(act);
	}
	#opens = new Set<() => void>();

	/** Told when something of mine changed on another device: the list of it is to be read again. Gives the way out. */
	whenMine(what: Mine, act: () => void): () => void {
		const one = { what, act };
		this.#mine.add(one);
		return () => this.#mine.delete(one);
	}
	#mine = new Set<{ what: Mine; act: () => void }>();

	/** Told of every message that comes. Gives the way out. */
	whenPosted(act: (room: LiveRoom, event: Posted) => void): () => void {
		this.#posted.add(act);
		return () => this.#posted.delete(act);
	}
	#posted = new Set<(room: LiveRoom, event: Posted) => void>();

	/** Of the tabs of this browser, the one that acts for all. */
	get leads(): boolean {
		return this.#outbox?.leading ?? false;
	}
}

function settling(): { promise: Promise<void>; resolve: () => void } {
	let resolve = () => {};
	const promise = new Promise<void>((done) => (resolve = done));
	return { promise, resolve };
}

export const live = new Live();
