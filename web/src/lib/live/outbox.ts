/**
 * What was written and is not yet certain to have arrived.
 *
 * What must stay true: what a person pressed "send" on is never lost and never doubled. An entry
 * leaves only when the server has acknowledged its id or the writer threw it away; the id is made
 * once, so a retry is harmless (R27); and a room's messages are sent in the order they were written.
 *
 * Pure of the view and of the browser: storage, sending and timers are passed in.
 */
import type { Label } from './wire';

export interface Letter {
	/** The message's own id, made when it was written. */
	id: string;
	room: string;
	text: string;
	label: Label | null;
	reply_to: string | null;
	/** Files that go along, by id, in their order: it is sent once the server has all of them. */
	files: readonly string[];
	/** Milliseconds since the epoch, by the writer's clock: shown until the server's time is known. */
	written_at: number;
}

/**
 * `waiting` in line · `sending` on its way · `failed` refused, and kept for its writer ·
 * `sent` acknowledged, and kept until the conversation shows it.
 */
export type Progress = 'waiting' | 'sending' | 'failed' | 'sent';

export interface Entry extends Letter {
	progress: Progress;
	/** Why it was refused, in words; asked when shown, so that it follows the reader's language. */
	why: (() => string) | null;
}

export type Outcome<Ack> =
	| { is: 'sent'; ack: Ack }
	/** The server said no: trying again as it is would not help. */
	| { is: 'refused'; why: () => string }
	/** No answer, or a server that cannot just now. `after`: it named the wait, in ms. */
	| { is: 'delayed'; after?: number };

export interface Hands<Ack> {
	send(letter: Letter): Promise<Outcome<Ack>>;
	/** Asked before a letter with files: `null` once the server has them all; otherwise what became of them. */
	ready(letter: Letter): Promise<Outcome<never> | null>;
	store: Store;
	later(act: () => void, ms: number): unknown;
	cancel(timer: unknown): void;
	chance(): number;
	/** Something changed: the view may look again. */
	changed(): void;
	/** Acknowledged by the server: durable from now on. */
	arrived(letter: Letter, ack: Ack): void;
}

/** Where letters survive a reload: one key each, so that two tabs never write over each other. */
export interface Store {
	all(): Letter[];
	put(letter: Letter): void;
	drop(id: string): void;
}

/** Milliseconds. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

export class Outbox<Ack> {
	#hands: Hands<Ack>;
	#entries: Entry[];
	#busy = new Set<string>();
	/** Rooms that wait before the next attempt, and how often they have waited in a row. */
	#waits = new Map<string, unknown>();
	#attempts = new Map<string, number>();

	constructor(hands: Hands<Ack>) {
		this.#hands = hands;
		// UUIDv7: the order of ids is the order of writing.
		this.#entries = hands.store
			.all()
			.map((letter): Entry => ({ ...letter, progress: 'waiting', why: null }))
			.sort((a, b) => (a.id < b.id ? -1 : 1));
	}

	of(room: string): readonly Entry[] {
		return this.#entries.filter((entry) => entry.room === room);
	}

	get all(): readonly Entry[] {
		return this.#entries;
	}

	/** The line is there (again): goes on with every room, at once. */
	go(): void {
		for (const timer of this.#waits.values()) this.#hands.cancel(timer);
		this.#waits.clear();
		for (const room of new Set(this.#entries.map((entry) => entry.room))) void this.#work(room);
	}

	post(letter: Letter): void {
		this.#hands.store.put(letter);
		this.#entries = [...this.#entries, { ...letter, progress: 'waiting', why: null }];
		this.#hands.changed();
		void this.#work(letter.room);
	}

	/** A refused letter, once more as it is. */
	retry(id: string): void {
		const entry = this.#entries.find((one) => one.id === id);
		if (!entry || entry.progress === 'sent') return;
		this.#mark(id, 'waiting');
		this.#hands.cancel(this.#waits.get(entry.room));
		this.#waits.delete(entry.room);
		void this.#work(entry.room);
	}

	/** Takes a letter back, if it is not just on its way. The letter, for whoever wants to write on. */
	discard(id: string): Letter | null {
		const entry = this.#entries.find((one) => one.id === id);
		if (!entry || entry.progress === 'sending' || entry.progress === 'sent') return null;
		this.#remove(id);
		return entry;
	}

	/** The conversation shows this message now; or another tab has seen it arrive. */
	shown(id: string): void {
		if (this.#has(id)) this.#remove(id);
	}

	#has(id: string): boolean {
		return this.#entries.some((one) => one.id === id);
	}

	#remove(id: string): void {
		this.#hands.store.drop(id);
		this.#entries = this.#entries.filter((entry) => entry.id !== id);
		this.#hands.changed();
	}

	#mark(id: string, progress: Progress, why: (() => string) | null = null): void {
		this.#entries = this.#entries.map((entry) => (entry.id === id ? { ...entry, progress, why } : entry));
		this.#hands.changed();
	}

	/** One letter of a room at a time, until none is left or the line fails. */
	async #work(room: string): Promise<void> {
		if (this.#busy.has(room) || this.#waits.has(room)) return;
		this.#busy.add(room);
		try {
			for (;;) {
				const entry = this.#entries.find((one) => one.room === room && one.progress === 'waiting');
				if (!entry) return;
				const held = entry.files.length > 0 ? await this.#hands.ready(entry) : null;
				if (!this.#has(entry.id)) continue;
				this.#mark(entry.id, 'sending');
				const outcome = held ?? (await this.#hands.send(entry));
				if (!this.#has(entry.id)) continue;
				if (outcome.is === 'delayed') {
					this.#mark(entry.id, 'waiting');
					this.#wait(room, outcome.after);
					return;
				}
				if (outcome.is === 'refused') this.#mark(entry.id, 'failed', outcome.why);
				else {
					this.#hands.store.drop(entry.id);
					this.#mark(entry.id, 'sent');
					this.#attempts.delete(room);
					this.#hands.arrived(entry, outcome.ack);
				}
			}
		} finally {
			this.#busy.delete(room);
		}
	}

	#wait(room: string, after?: number): void {
		const attempt = this.#attempts.get(room) ?? 0;
		this.#attempts.set(room, attempt + 1);
		const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
		const ms = after ?? Math.floor(ceiling / 2 + (this.#hands.chance() * ceiling) / 2);
		const timer = this.#hands.later(() => {
			this.#waits.delete(room);
			void this.#work(room);
		}, ms);
		this.#waits.set(room, timer);
	}
}

/** Letters in the browser's own storage, under the member they belong to. */
export function browserStore(member: string, storage: Storage): Store {
	const prefix = outboxPrefix(member);
	return {
		all() {
			const letters: Letter[] = [];
			for (let index = 0; index < storage.length; index += 1) {
				const key = storage.key(index);
				if (!key?.startsWith(prefix)) continue;
				const letter = readLetter(storage.getItem(key));
				if (letter) letters.push(letter);
			}
			return letters;
		},
		put(letter) {
			try {
				storage.setItem(prefix + letter.id, JSON.stringify(letter));
			} catch {
				// Storage full or refused: the letter still lives in this page until it is sent.
			}
		},
		drop: (id) => storage.removeItem(prefix + id)
	};
}

export const outboxPrefix = (member: string): string => `kairan.outbox.${member}.`;

function readLetter(text: string | null): Letter | null {
	try {
		const { id, room, text: words, label, reply_to, files, written_at } = JSON.parse(text ?? '') as Letter;
		if (typeof id !== 'string' || typeof room !== 'string' || typeof words !== 'string') return null;
		return {
			id,
			room,
			text: words,
			label: label ?? null,
			reply_to: reply_to ?? null,
			files: Array.isArray(files) ? files : [],
			written_at: written_at || 0
		};
	} catch {
		return null;
	}
}
