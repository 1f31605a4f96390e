/**
 * What was written and is not yet certain to have arrived.
 *
 * What must stay true: what a person pressed "send" on is never lost and never doubled. An entry
 * leaves only when the server has acknowledged its id or the writer threw it away; the id is made
 * once, so a retry is harmless (R27); and a room's messages are sent in the order they were written.
 * Of several tabs one sends (`lead`); the others show what it does and pass on what is written in them.
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
	/** To the other tabs of this browser. */
	say(word: Word): void;
	/** No tab that sends has answered: this one wants to. `lead(true)` follows. */
	takeOver(): void;
	later(act: () => void, ms: number): unknown;
	cancel(timer: unknown): void;
	chance(): number;
	/** Something changed: the view may look again. */
	changed(): void;
	/** Acknowledged by the server: durable from now on. */
	arrived(letter: Letter, ack: Ack): void;
}

/** Where letters survive a reload and a closed tab: each under its id. */
export interface Store {
	all(): Promise<Letter[]>;
	put(letter: Letter): Promise<void>;
	drop(id: string): Promise<void>;
}

/** What tabs tell each other. */
export type Word =
	/** Written here; kept already. */
	| { t: 'written'; letter: Letter }
	/** The tab that sends has it. */
	| { t: 'taken'; id: string }
	| { t: 'progress'; id: string; progress: Progress; why: string | null }
	| { t: 'gone'; id: string }
	| { t: 'ask'; act: 'retry' | 'discard'; id: string }
	| { t: 'refused'; id: string };

/** Milliseconds. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
/** A tab that sends answers another at once; one that sleeps (a phone's tab in the background) does not. */
const ANSWERS_WITHIN = 1_500;

export class Outbox<Ack> {
	#hands: Hands<Ack>;
	#entries: Entry[] = [];
	#leading = false;
	#busy = new Set<string>();
	/** Rooms that wait before the next attempt, and how often they have waited in a row. */
	#waits = new Map<string, unknown>();
	#attempts = new Map<string, number>();
	/** Asked of the tab that sends, by letter: what to do with its answer. */
	#asked = new Map<string, (answer: 'gone' | 'refused' | 'silent') => void>();

	constructor(hands: Hands<Ack>) {
		this.#hands = hands;
	}

	/** Takes up what was kept. */
	async load(): Promise<void> {
		const kept = await this.#hands.store.all().catch((): Letter[] => []);
		for (const letter of kept) this.#add(letter);
		if (kept.length > 0) this.#hands.changed();
	}

	/** This tab is the one that sends now, or no longer. */
	async lead(on: boolean): Promise<void> {
		this.#leading = on;
		if (!on) return;
		// What the tab before left on its way is sent again: the id makes that harmless.
		this.#entries = this.#entries.map((entry) =>
			entry.progress === 'sending' ? { ...entry, progress: 'waiting' } : entry
		);
		await this.load();
		this.go();
	}

	get leading(): boolean {
		return this.#leading;
	}

	#add(letter: Letter): void {
		if (this.#entries.some((one) => one.id === letter.id)) return;
		// UUIDv7: the order of ids is the order of writing.
		const entry: Entry = { ...letter, progress: 'waiting', why: null };
		this.#entries = [...this.#entries, entry].sort((a, b) => (a.id < b.id ? -1 : 1));
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

	/** Shown and on its way at once; resolves when it is kept. */
	async post(letter: Letter): Promise<void> {
		this.#add(letter);
		this.#hands.changed();
		// Storage full or refused: the letter still lives in this page until it is sent.
		const kept = this.#hands.store.put(letter).catch(() => {});
		this.#hands.say({ t: 'written', letter });
		if (this.#leading) void this.#work(letter.room);
		else this.#awaitAnswer(letter.id, (answer) => answer === 'silent' && this.#hands.takeOver());
		await kept;
	}

	/** A refused letter, once more as it is. */
	retry(id: string): void {
		const entry = this.#entries.find((one) => one.id === id);
		if (!entry || entry.progress === 'sent') return;
		this.#mark(id, 'waiting');
		if (!this.#leading) {
			this.#hands.say({ t: 'ask', act: 'retry', id });
			return this.#awaitAnswer(id, (answer) => answer === 'silent' && this.#hands.takeOver());
		}
		this.#hands.cancel(this.#waits.get(entry.room));
		this.#waits.delete(entry.room);
		void this.#work(entry.room);
	}

	/** Takes a letter back, if it is not just on its way. The letter, for whoever wants to write on. */
	async discard(id: string): Promise<Letter | null> {
		const entry = this.#entries.find((one) => one.id === id);
		if (!entry || entry.progress === 'sending' || entry.progress === 'sent') return null;
		if (!this.#leading) {
			const answer = await new Promise<'gone' | 'refused' | 'silent'>((resolve) => {
				this.#hands.say({ t: 'ask', act: 'discard', id });
				this.#awaitAnswer(id, resolve);
			});
			if (answer === 'refused') return null;
		}
		await this.#remove(id);
		return entry;
	}

	/** The conversation shows this message now. */
	shown(id: string): void {
		if (this.#has(id)) void this.#remove(id);
	}

	#has(id: string): boolean {
		return this.#entries.some((one) => one.id === id);
	}

	/** From another tab. */
	hear(word: Word): void {
		if (word.t === 'written') {
			this.#add(word.letter);
			this.#hands.changed();
			if (!this.#leading) return;
			this.#hands.say({ t: 'taken', id: word.letter.id });
			return void this.#work(word.letter.room);
		}
		if (word.t === 'ask') return this.#leading ? this.#obey(word.act, word.id) : undefined;
		const asked = this.#asked.get(word.id);
		if (word.t === 'progress') {
			const { why } = word;
			this.#put(word.id, word.progress, why === null ? null : () => why);
		}
		if (word.t === 'gone') {
			this.#entries = this.#entries.filter((entry) => entry.id !== word.id);
			this.#hands.changed();
		}
		asked?.(word.t === 'gone' || word.t === 'refused' ? word.t : 'gone');
	}

	#obey(act: 'retry' | 'discard', id: string): void {
		this.#hands.say({ t: 'taken', id });
		if (act === 'retry') return this.retry(id);
		void this.discard(id).then((letter) => letter ?? this.#hands.say({ t: 'refused', id }));
	}

	#awaitAnswer(id: string, act: (answer: 'gone' | 'refused' | 'silent') => void): void {
		const settle = (answer: 'gone' | 'refused' | 'silent') => {
			this.#asked.delete(id);
			this.#hands.cancel(timer);
			act(answer);
		};
		const timer = this.#hands.later(() => settle('silent'), ANSWERS_WITHIN);
		this.#asked.set(id, settle);
	}

	async #remove(id: string): Promise<void> {
		this.#entries = this.#entries.filter((entry) => entry.id !== id);
		this.#hands.changed();
		await this.#hands.store.drop(id).catch(() => {});
		this.#hands.say({ t: 'gone', id });
	}

	#put(id: string, progress: Progress, why: (() => string) | null): void {
		this.#entries = this.#entries.map((entry) => (entry.id === id ? { ...entry, progress, why } : entry));
		this.#hands.changed();
	}

	#mark(id: string, progress: Progress, why: (() => string) | null = null): void {
		this.#put(id, progress, why);
		if (this.#leading) this.#hands.say({ t: 'progress', id, progress, why: why?.() ?? null });
	}

	/** One letter of a room at a time, until none is left or the line fails. */
	async #work(room: string): Promise<void> {
		if (this.#busy.has(room) || this.#waits.has(room)) return;
		this.#busy.add(room);
		try {
			for (;;) {
				const entry = this.#entries.find((one) => one.room === room && one.progress === 'waiting');
				if (!entry || !this.#leading) return;
				const held = entry.files.length > 0 ? await this.#hands.ready(entry) : null;
				if (!this.#has(entry.id)) continue;
				if (!this.#leading) return;
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
					await this.#hands.store.drop(entry.id).catch(() => {});
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
