/**
 * Writes behind what a start without a line needs: who I am, the people, the rooms, and the last
 * words of those I use.
 *
 * What must stay true: what is kept of a room is a state that once was, whole, with its place in
 * the room's order; catching up from there is the same as after any other absence. Only the tab
 * that sends keeps, so that two never write over each other.
 */
import { local } from '$lib/local/local';
import { directory } from '$lib/people/directory.svelte';
import { session } from '$lib/session/session.svelte';
import type { Me } from '$lib/api/types';
import type { KeptRoom } from './kept';
import type { RoomState } from './reduce';
import type { LiveRoom } from './room.svelte';
import { trim } from './stretch';

/** Rooms whose conversation is kept, the latest first; of the others only that they are there. */
const ROOMS = 20;
const MESSAGES = 100;
/** Milliseconds. */
const SWEEP_EVERY = 4_000;
const FETCH_EVERY = 400;
const DIRECTORY_EVERY = 60_000;

/** The end of what is loaded. While one reads far above it, what was kept before stays. */
function keepable({ room, head, stretch }: RoomState, whole: boolean): KeptRoom | null {
	if (!whole) return { room, head, stretch: null };
	if (stretch?.more_after) return null;
	return { room, head, stretch: stretch && trim(stretch, MESSAGES, 'end') };
}

export interface Surroundings {
	rooms(): LiveRoom[];
	/** There is a line, and the list has been read from the server. */
	current(): boolean;
	now(): number;
}

export class Keeper {
	#around: Surroundings;
	#written = new Map<string, { state: RoomState; whole: boolean }>();
	#me: Me | null = null;
	#people = -1;
	#peopleAt = 0;
	#asOf = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#running = false;
	#fetching = false;

	constructor(around: Surroundings) {
		this.#around = around;
	}

	start(): void {
		if (this.#running) return;
		this.#running = true;
		document.addEventListener('visibilitychange', this.#hidden);
		this.#again();
	}

	stop(): void {
		this.#running = false;
		clearTimeout(this.#timer);
		document.removeEventListener('visibilitychange', this.#hidden);
	}

	/** A page that is put away may never run again. */
	#hidden = (): void => {
		if (document.visibilityState === 'hidden') void this.sweep();
	};

	#again(): void {
		clearTimeout(this.#timer);
		if (!this.#running) return;
		this.#timer = setTimeout(() => {
			const idle = window.requestIdleCallback ?? ((act: () => void) => setTimeout(act, 0));
			idle(() => void this.sweep().finally(() => this.#again()));
		}, SWEEP_EVERY);
	}

	/** Writes what has changed since the last time. */
	async sweep(): Promise<void> {
		if (!local.durable || !this.#running) return;
		try {
			await this.#sweep();
			if (this.#around.current()) void this.#fetch();
		} catch {
			// A full disk: what is kept is a convenience, and the next sweep tries again.
		}
	}

	async #sweep(): Promise<void> {
		const { me } = session;
		if (me && me !== this.#me) {
			await local.put('me', 'me', me);
			this.#me = me;
		}
		const now = this.#around.now();
		if (directory.loaded && directory.version !== this.#people && now > this.#peopleAt + DIRECTORY_EVERY) {
			this.#people = directory.version;
			this.#peopleAt = now;
			await local.put('directory', 'all', directory.snapshot());
		}
		const rooms = this.#around.rooms();
		const whole = new Set(this.#latest(rooms));
		for (const room of rooms) {
			const { state } = room;
			const before = this.#written.get(room.id);
			if (before && before.state === state && before.whole === whole.has(room)) continue;
			const kept = keepable(state, whole.has(room));
			if (!kept) continue;
			this.#written.set(room.id, { state, whole: whole.has(room) });
			await local.put('rooms', room.id, kept);
		}
		if (!this.#around.current()) return;
		const there = new Set(rooms.map((room) => room.id));
		for (const [id] of await local.all('rooms')) if (!there.has(id)) await this.#drop(id);
		if (now > this.#asOf + 30_000) {
			this.#asOf = now;
			await local.put('me', 'as_of', now);
		}
	}

	async #drop(room: string): Promise<void> {
		this.#written.delete(room);
		await local.drop('rooms', room);
	}

	#latest(rooms: LiveRoom[]): LiveRoom[] {
		const at = ({ room }: LiveRoom) => (room.mine.favourite ? Infinity : (room.last?.at ?? room.created_at));
		return [...rooms]
			.filter(({ state }) => !state.gone)
			.sort((a, b) => at(b) - at(a))
			.slice(0, ROOMS);
	}

	/** Rooms not opened yet are read one after another, so that they can be opened without a line. */
	async #fetch(): Promise<void> {
		const saving = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData;
		if (this.#fetching || saving) return;
		this.#fetching = true;
		try {
			for (const room of this.#latest(this.#around.rooms())) {
				if (room.stretch || room.loading || !this.#running || !this.#around.current()) continue;
				await room.prefetch(MESSAGES);
				await new Promise((resolve) => setTimeout(resolve, FETCH_EVERY));
			}
		} catch {
			// The line went: the next sweep goes on.
		} finally {
			this.#fetching = false;
		}
	}
}
