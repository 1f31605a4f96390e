/**
 * Files on their way to the server.
 *
 * What must stay true: what was attached arrives whole or is refused in words. A cut line, a server that
 * restarts or a closed tab costs at most the parts that were in the air: the id is made once, every call can be
 * repeated, and before going on the server is asked what it has.
 *
 * Pure of the view and of the browser: bytes, calls and timers are passed in.
 */
import type { Outcome } from '../live/outbox';
import { countParts, ended, isHere, isStrange, newJob, nextPart, sentOf, strange, type Job } from './job';
import type { FileInfo, Standing } from './wire';

/** What is known of a file before the server knows it. */
export interface Meta {
	/** Its id, made here. */
	file: string;
	room: string;
	name: string;
	/** Bytes. */
	size: number;
	/** As the browser says; the server looks for itself. */
	media: string;
	/** It belongs to a letter that was sent; otherwise it still lies beside what is being written. */
	taken: boolean;
}

/** `waiting` in line or for the line · `checking` all parts are there, the server looks at the whole. */
export type Phase = 'waiting' | 'sending' | 'checking' | 'done' | 'refused';

export interface Upload extends Meta {
	phase: Phase;
	/** Bytes that have left. */
	sent: number;
	/** Why it was refused; asked when shown, so that it follows the reader's language. */
	why: (() => string) | null;
	/** The same once more may go: room was made, or it was not the file's fault. */
	again: boolean;
	/** What the server made of it. */
	info: FileInfo | null;
}

export interface Refusal {
	is: 'refused';
	code: string;
	facts: Readonly<Record<string, unknown>>;
	why: () => string;
}
export type Reply<T> =
	| { is: 'yes'; value: T }
	| Refusal
	/** No answer, or a server that cannot just now. `after`: it named the wait, in ms. */
	| { is: 'delayed'; after?: number }
	/** The server does not know this upload. */
	| { is: 'missing'; why: () => string };

export interface Wire {
	begin(meta: Meta): Promise<Reply<Standing>>;
	look(file: string): Promise<Reply<Standing>>;
	part(
		file: string,
		number: number,
		bytes: Blob,
		told: (sent: number) => void,
		signal: AbortSignal
	): Promise<Reply<null>>;
	finish(file: string): Promise<Reply<FileInfo>>;
	drop(file: string): Promise<unknown>;
}

/** Where bytes wait until the server has them, so that a closed tab does not lose them. */
export interface Keep {
	all(): Promise<Meta[]>;
	/** Rejects when they would not outlive this page. */
	put(meta: Meta, bytes: Blob): Promise<void>;
	/** What is known of it has changed; its bytes have not. */
	note(meta: Meta): Promise<void>;
	has(file: string): Promise<boolean>;
	/** Some of its bytes; `null`: they are gone. */
	piece(file: string, from: number, to: number): Promise<Blob | null>;
	/** The server has its bytes now: only what is known of it stays. */
	shed(file: string): Promise<void>;
	drop(file: string): Promise<void>;
	clear(): Promise<void>;
}

export interface Hands {
	wire: Wire;
	keep: Keep;
	later(act: () => void, ms: number): unknown;
	cancel(timer: unknown): void;
	chance(): number;
	/** Something changed: the view may look again. */
	changed(): void;
	/** Said of a file whose bytes are neither here nor with the server. */
	lost: () => string;
}

/** Parts in the air at once, over all files: more would only share the same line. */
const AT_ONCE = 2;
/** Milliseconds. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
/** How often the server may forget one upload, or miss parts it had, before that is said. */
const RESTARTS = 3;
/** Bytes gone from here, another tab may still be sending them: asked this often, this far apart (ms). */
const LOOKS = 12;
const LOOK_EVERY = 5_000;

/** Whether it was done. */
const succeeds = (doing: Promise<unknown>): Promise<boolean> =>
	doing.then(
		() => true,
		() => false
	);

export class Uploader {
	#hands: Hands;
	#jobs: Job[] = [];
	#flying = 0;
	#online = true;
	#waiters: { files: readonly string[]; tell: (outcome: Outcome<never> | null) => void }[] = [];

	constructor(hands: Hands) {
		this.#hands = hands;
	}

	/** Takes up what a closed tab left behind. */
	async restore(): Promise<void> {
		for (const meta of await this.#hands.keep.all())
			if (!this.knows(meta.file)) this.#jobs.push(newJob(meta, null));
		this.#hands.changed();
		this.#pump();
	}

	get all(): Upload[] {
		return this.#jobs.map((job) => {
			const { meta, phase, why, again, info } = job;
			return { ...meta, phase, why, again, info, sent: sentOf(job) };
		});
	}

	/** `instead`: in the place of this one, which is thrown away. */
	add(meta: Meta, bytes: Blob, instead?: string): void {
		const place = this.#jobs.findIndex((job) => job.meta.file === instead);
		const job = newJob(meta, bytes);
		this.#jobs.splice(place < 0 ? this.#jobs.length : place, 0, job);
		if (instead) this.cancel(instead);
		// No room to keep them: they still live in this page until they are sent.
		job.keeping = succeeds(this.#hands.keep.put(meta, bytes));
		this.#hands.changed();
		this.#pump();
	}

	/** They can be kept now, which they could not be before. */
	async secure(): Promise<void> {
		for (const job of this.#jobs) {
			if (!job.bytes || (await job.keeping)) continue;
			const { meta, bytes } = job;
			// Ended or thrown away meanwhile.
			if (bytes && !this.#gone(job)) job.keeping = succeeds(this.#hands.keep.put(meta, bytes));
		}
	}

	/** Resolves once these outlive this page, are with the server, or it is certain that they cannot be kept. */
	async kept(files: readonly string[]): Promise<void> {
		const jobs = files.flatMap((file) => this.#job(file) ?? []);
		await Promise.race([Promise.all(jobs.map(({ keeping }) => keeping)), this.ready(files)]);
	}

	knows(file: string): boolean {
		return this.#job(file) !== undefined;
	}

	/** These belong to a letter now, or (`false`) lie beside what is being written again. */
	take(files: readonly string[], taken: boolean): void {
		for (const file of files) {
			const job = this.#job(file);
			if (!job) continue;
			job.meta = { ...job.meta, taken };
			const [before, noted] = [job.keeping, this.#lighten(job)];
			job.keeping = Promise.all([before, noted]).then(([bytes, note]) => bytes && note);
		}
		this.#hands.changed();
	}

	/** Throws one away, here and with the server. */
	cancel(file: string): void {
		const job = this.#job(file);
		if (!job) return;
		const { begun } = job;
		this.forget([file]);
		if (begun) void this.#hands.wire.drop(file).catch(() => {});
	}

	/** They have been posted: nothing of them needs to stay here. */
	forget(files: readonly string[]): void {
		for (const job of this.#jobs.filter(({ meta }) => files.includes(meta.file))) {
			this.#jobs = this.#jobs.filter((one) => one !== job);
			this.#hands.cancel(job.timer);
			job.stop.abort();
			void this.#hands.keep.drop(job.meta.file).catch(() => {});
		}
		this.#settle();
	}

	/** A refused one, once more from the beginning. */
	retry(file: string): void {
		const job = this.#job(file);
		if (job?.phase !== 'refused') return;
		Object.assign(job, { ...newJob(job.meta, job.bytes) });
		this.#settle();
		this.#pump();
	}

	/** The line is gone: what is in the air is let go. */
	pause(): void {
		this.#online = false;
		for (const job of this.#jobs) {
			job.stop.abort();
			job.stop = new AbortController();
			job.known = false;
			if (!ended(job)) job.phase = 'waiting';
		}
		this.#settle();
	}

	/** The line is there (again): goes on with everything, at once. */
	go(): void {
		this.#online = true;
		for (const job of this.#jobs) {
			this.#hands.cancel(job.timer);
			job.timer = null;
			job.attempts = 0;
		}
		this.#pump();
	}

	/** Resolves once the server has all of them (`null`), or one of them cannot arrive. */
	ready(files: readonly string[]): Promise<Outcome<never> | null> {
		for (const file of files) {
			const job = this.#job(file);
			if (job?.phase === 'refused') this.retry(file);
			// From another tab, or from before a reload: the server may have it.
			else if (!job) this.#jobs.push(newJob(strange(file), null));
		}
		return new Promise((tell) => {
			this.#waiters.push({ files, tell });
			this.#settle();
			this.#pump();
		});
	}

	/** The session has ended: nothing stays, in memory or in this browser. */
	async stop(): Promise<void> {
		this.forget(this.#jobs.map(({ meta }) => meta.file));
		for (const { tell } of this.#waiters.splice(0)) tell({ is: 'delayed' });
		await this.#hands.keep.clear().catch(() => {});
	}

	#job(file: string): Job | undefined {
		return this.#jobs.find(({ meta }) => meta.file === file);
	}

	/** Tells the view, and whoever waits for what is settled now. */
	#settle(): void {
		this.#hands.changed();
		this.#waiters = this.#waiters.filter(({ files, tell }) => {
			const jobs = files.map((file) => this.#job(file));
			const refused = jobs.find((job) => job?.phase === 'refused');
			if (refused) tell({ is: 'refused', why: refused.why ?? this.#hands.lost });
			// One that is no longer here was thrown away with its letter: that goes no further.
			else if (jobs.every((job) => !job || job.phase === 'done')) tell(null);
			else return true;
			return false;
		});
	}

	#pump(): void {
		while (this.#online && this.#flying < AT_ONCE) {
			const act = this.#next();
			if (!act) return;
			this.#flying += 1;
			void act().finally(() => {
				this.#flying -= 1;
				this.#settle();
				this.#pump();
			});
		}
	}

	/** What can be done next, in the order they were attached. */
	#next(): (() => Promise<void>) | null {
		for (const job of this.#jobs) {
			if (ended(job) || job.timer !== null || job.asking) continue;
			if (!job.known) return () => this.#asks(job, () => this.#begin(job));
			const part = nextPart(job);
			if (part !== null) return () => this.#part(job, part);
			if (job.flying.size === 0) return () => this.#asks(job, () => this.#finish(job));
		}
		return null;
	}

	async #asks(job: Job, act: () => Promise<void>): Promise<void> {
		job.asking = true;
		try {
			await act();
		} finally {
			job.asking = false;
		}
	}

	/** Tells the server of it, or asks what it has. */
	async #begin(job: Job): Promise<void> {
		const { wire, keep } = this.#hands;
		if (!job.bytes) job.kept = await keep.has(job.meta.file).catch(() => false);
		if (isStrange(job)) await this.#recall(job);
		const reply = isHere(job) && !job.begun ? await wire.begin(job.meta) : await wire.look(job.meta.file);
		if (this.#gone(job)) {
			// Thrown away meanwhile, and the server has just heard of it.
			if (reply.is === 'yes') void wire.drop(job.meta.file).catch(() => {});
			return;
		}
		if (reply.is !== 'yes') return this.#fails(job, reply);
		const { received, part_bytes, size, state } = reply.value;
		job.begun = true;
		job.attempts = 0;
		if (!isHere(job) && state !== 'done') return this.#looksAgain(job);
		job.meta = { ...job.meta, size };
		job.partBytes = part_bytes;
		job.received = new Set(state === 'done' ? Array(countParts(job)).keys() : received);
		job.known = true;
		job.phase = 'sending';
	}

	/** What another tab, or this one before it was closed, noted of it. */
	async #recall(job: Job): Promise<void> {
		const all = await this.#hands.keep.all().catch((): Meta[] => []);
		const found = all.find(({ file }) => file === job.meta.file);
		if (found) job.meta = { ...found, taken: true };
		// Bytes without a name cannot be begun, only gone on with.
		else job.begun = true;
	}

	/** Without bytes: whoever has them may be another tab. */
	#looksAgain(job: Job): void {
		job.looks += 1;
		if (job.looks > LOOKS) this.#refuse(job, this.#hands.lost);
		else this.#waits(job, LOOK_EVERY);
	}

	async #part(job: Job, number: number): Promise<void> {
		job.flying.set(number, 0);
		const from = number * job.partBytes;
		const to = Math.min(from + job.partBytes, job.meta.size);
		const bytes =
			job.bytes?.slice(from, to) ?? (await this.#hands.keep.piece(job.meta.file, from, to).catch(() => null));
		const told = (sent: number) => {
			job.flying.set(number, sent);
			this.#hands.changed();
		};
		const { signal } = job.stop;
		const reply = bytes
			? await this.#hands.wire.part(job.meta.file, number, bytes, told, signal)
			: ({ is: 'refused', code: 'lost', facts: {}, why: this.#hands.lost } as const);
		job.flying.delete(number);
		if (this.#gone(job) || signal.aborted) return;
		if (reply.is === 'yes') {
			job.received.add(number);
			job.attempts = 0;
		} else if (reply.is === 'refused' && reply.code === 'upload.done') job.known = false;
		else this.#fails(job, reply);
	}

	async #finish(job: Job): Promise<void> {
		job.phase = 'checking';
		this.#hands.changed();
		const reply = await this.#hands.wire.finish(job.meta.file);
		if (this.#gone(job)) return;
		if (reply.is === 'yes') {
			job.phase = 'done';
			job.info = reply.value;
			job.bytes = null;
			void this.#lighten(job);
			return;
		}
		const { missing } = reply.is === 'refused' ? reply.facts : {};
		if (reply.is === 'refused' && reply.code === 'upload.incomplete' && Array.isArray(missing)) {
			if (this.#restarts(job, reply)) job.known = false;
			return;
		}
		this.#fails(job, reply);
	}

	/** Keeps of it what may still be needed after a reload: of what a letter carries and the server has, nothing. */
	#lighten({ meta, phase }: Job): Promise<boolean> {
		const { keep } = this.#hands;
		const done = phase === 'done';
		const kept = done && meta.taken ? keep.drop(meta.file) : keep.note(meta);
		void kept.then(() => (done ? keep.shed(meta.file) : undefined)).catch(() => {});
		return succeeds(kept);
	}

	#gone(job: Job): boolean {
		return !this.#jobs.includes(job);
	}

	#fails(job: Job, reply: Exclude<Reply<unknown>, { is: 'yes' }>): void {
		if (ended(job)) return;
		// Posted already, and the page was closed before it heard so.
		if (reply.is === 'refused' && reply.code === 'file.id_taken' && job.meta.taken)
			return this.forget([job.meta.file]);
		job.phase = 'waiting';
		job.known = false;
		if (reply.is === 'refused') return this.#refuse(job, reply.why, reply.code.startsWith('quota.'));
		if (reply.is === 'missing') {
			if (!isHere(job)) return this.#refuse(job, this.#hands.lost);
			// It knew this upload and does not any more; or the room is not ours to post in, which beginning anew tells.
			if (job.begun && this.#restarts(job, reply)) job.begun = false;
			else if (!ended(job)) this.#refuse(job, reply.why);
			return;
		}
		const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** job.attempts);
		job.attempts += 1;
		this.#waits(job, reply.after ?? Math.floor(ceiling / 2 + (this.#hands.chance() * ceiling) / 2));
	}

	#restarts(job: Job, reply: { why: () => string }): boolean {
		job.restarts += 1;
		if (job.restarts <= RESTARTS) return true;
		this.#refuse(job, reply.why);
		return false;
	}

	#refuse(job: Job, why: () => string, again = isHere(job)): void {
		job.phase = 'refused';
		job.why = why;
		job.again = again;
		// A refusal leaves nothing with the server; parts in the air have nowhere to go.
		job.stop.abort();
	}

	#waits(job: Job, ms: number): void {
		this.#hands.cancel(job.timer);
		job.timer = this.#hands.later(() => {
			job.timer = null;
			this.#pump();
		}, ms);
	}
}
