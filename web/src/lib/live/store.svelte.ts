/**
 * The living part of the client: every room I am in, who is there, and what is on its way.
 *
 * What must stay true: there is one of it, started with the session and stopped with it; frames
 * from the gateway touch the view at most once per animation frame, however many come.
 */
import { Problem } from '$lib/api/problem';
import { directory } from '$lib/people/directory.svelte';
import { session } from '$lib/session/session.svelte';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import * as calls from './calls';
import { browserStore, Outbox, outboxPrefix, type Entry, type Letter, type Outcome } from './outbox';
import { LiveRoom, type House } from './room.svelte';
import { browser, Socket, type Line } from './socket';
import { newId } from './uuid';
import type { Frame, Message, Room, RoomEvent } from './wire';

/** Milliseconds. A hidden page draws no frames: then the batch goes by this timer. */
const HIDDEN_BATCH = 250;
/** After a welcome the server sends what is missing; what has not come by then is asked for (R28: within 2 s). */
const WELCOME_GRACE = 1_200;
const TYPING_EVERY = 3_000;

/** Files are fetched with the first one that is sent. */
const withUploads = async <T>(
	act: (uploads: (typeof import('$lib/files/uploads.svelte'))['uploads']) => T | Promise<T>
): Promise<T> => act((await import('$lib/files/uploads.svelte')).uploads);

const filesReady = ({ files }: Letter): Promise<Outcome<never> | null> =>
	// Without a line even the code for it may be out of reach: then it is tried again like everything else.
	withUploads((uploads) => uploads.ready(files)).catch(() => ({ is: 'delayed' }));

class Live {
	readonly rooms = new SvelteMap<string, LiveRoom>();
	/** Who is there, of those in rooms on screen. */
	readonly present = new SvelteSet<string>();
	line = $state<Line>('resting');
	/** The list of rooms has been read. */
	loaded = $state(false);
	problem = $state.raw<Problem | null>(null);
	letters = $state.raw<readonly Entry[]>([]);

	#socket: Socket | null = null;
	#outbox: Outbox<Message> | null = null;
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
		if (!this.#outbox) this.#openOutbox();
		for (const room of await calls.rooms()) this.#put(room);
		this.loaded = true;
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

	#openOutbox(): void {
		const { me } = this;
		session.whenEnding(() => this.stop());
		this.#outbox = new Outbox<Message>({
			send: calls.send,
			ready: filesReady,
			store: browserStore(me, localStorage),
			later: (act, ms) => setTimeout(act, ms),
			cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
			chance: () => Math.random(),
			changed: () => (this.letters = this.#outbox?.all ?? []),
			arrived: ({ id, room, files }) => {
				if (files.length > 0) void withUploads((uploads) => uploads.posted(files));
				const there = this.rooms.get(room)?.stretch?.messages.some((one) => one.id === id);
				if (there) this.#outbox?.shown(id);
			}
		});
		this.letters = this.#outbox.all;
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
		on(window, 'storage', (event) => {
			const { key, newValue } = event as StorageEvent;
			const prefix = outboxPrefix(this.me);
			// Another tab has seen this letter arrive, or its writer threw it away there.
			if (key?.startsWith(prefix) && newValue === null) this.#outbox?.shown(key.slice(prefix.length));
		});
	}

	/** The session has ended: nothing of it stays in memory or in this browser. */
	stop(): void {
		for (const stop of this.#stops.splice(0)) stop();
		this.#socket?.stop();
		this.#socket = null;
		for (const { id } of this.#outbox?.all ?? []) this.#outbox?.shown(id);
		this.#outbox = null;
		for (const room of this.rooms.values()) room.stop();
		this.rooms.clear();
		this.present.clear();
		this.letters = [];
		this.loaded = false;
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
		shown: (letter) => this.#outbox?.shown(letter)
	};

	#put(room: Room): LiveRoom {
		const there = this.rooms.get(room.id);
		if (there) {
			there.overlay(room);
			return there;
		}
		const made = new LiveRoom(room, this.#house);
		this.rooms.set(room.id, made);
		return made;
	}

	/** A room I have just made or opened: shown before the gateway speaks of it. */
	adopt(room: Room): LiveRoom {
		return this.#put(room);
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
		this.line = line;
		if (line === 'open') return this.#outbox?.go();
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
		// The first welcome follows the list at once; after a later one, counts and settings may have changed.
		const unknown = Object.keys(heads).some((id) => !this.rooms.has(id));
		if (this.#welcomed || unknown) void this.refresh().catch(() => {});
		if (this.#welcomed) for (const room of this.rooms.values()) room.recount();
		this.#welcomed = true;
	}

	/** The list of rooms anew, under the conversations that are loaded. */
	async refresh(): Promise<void> {
		const all = await calls.rooms();
		const kept = new Set(all.map((room) => room.id));
		for (const id of [...this.rooms.keys()]) if (!kept.has(id)) this.drop(id);
		for (const room of all) this.#put(room);
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

	/** Hands a message to the outbox; it is on its way, and survives a reload, when this returns. */
	post(words: Pick<Letter, 'room' | 'text' | 'label' | 'reply_to' | 'files'>): string {
		const letter: Letter = { ...words, id: newId(), written_at: Date.now() };
		this.#outbox?.post(letter);
		this.#typedAt = 0;
		return letter.id;
	}

	retry(letter: string): void {
		this.#outbox?.retry(letter);
	}

	/** `null`: too late, it is on its way. */
	discard(letter: string): Letter | null {
		return this.#outbox?.discard(letter) ?? null;
	}

	/** Thrown away for good, with what it carried. */
	throwAway(letter: string): void {
		const files = this.discard(letter)?.files ?? [];
		if (files.length > 0) void withUploads((uploads) => files.forEach((file) => uploads.cancel(file)));
	}
}

export const live = new Live();
