/**
 * What this browser keeps of a member's work, sealed under a key that only a live session hands out.
 *
 * What must stay true: no word of a message, a name or a draft is written anywhere but through here;
 * when the lease is over the key is gone, and with it everything (R13); another session's key, a
 * sign-out or the end of the session leave nothing behind (R14). Under an app lock (`lib/lock`) what the server lent
 * opens nothing without the lock's secret, which is nowhere but in the memory of an open page.
 *
 * Before a key is there, or where the browser gives no such store (an address without HTTPS, a private
 * window), things are kept in this page's memory: it works the same until the page is closed.
 */
import { isOver, type Lease } from './lease';
import { keyOf, open, seal, shareFrom } from './seal';
import { BrowserShelf, MemoryShelf, type Place, type Shelf } from './shelf';

/** Names of stores. Ids are ids of rooms, messages and files: no words. */
export type Store = 'me' | 'directory' | 'rooms' | 'outbox' | 'drafts' | 'uploads' | 'files' | 'shared';

/**
 * What its writer has not seen arrive. It outlives the lease, sealed: nobody can read it until the same session
 * gets its key again, and then it is still sent.
 */
const WAITING: readonly string[] = ['outbox', 'drafts', 'uploads', 'files', 'shared'];

/** Bytes of one piece of a file: as large as the pieces in which uploads travel. */
export const PIECE = 4 * 1024 * 1024;

/** A file that waits here to be uploaded. */
export interface KeptFile {
	name: string;
	/** Media type as the browser says. */
	type: string;
	size: number;
}

export interface Rekeying {
	key: CryptoKey;
	before: CryptoKey;
	done(): void;
}

const OWNER = ['lease', 'owner'] as const;
const KEY = ['lease', 'key'] as const;

interface Held {
	lease: Lease;
	/** What the server lent. */
	share: CryptoKey;
	/** It makes the key only together with the lock's secret. */
	locked: boolean;
}

export class Local {
	#shelf: Shelf | null;
	#held: Held | null = null;
	#key: CryptoKey | null = null;
	/** While what is kept is being sealed anew: what it was sealed with. */
	#before: CryptoKey | null = null;
	/** Of an app lock that is open. */
	#secret: Uint8Array<ArrayBuffer> | null = null;
	/** Until there is a key. Never sealed, never written anywhere. */
	#memory = new MemoryShelf();
	#now: () => number;
	/** They wait for a key. */
	#opened: (() => void)[] = [];

	constructor(shelf: Shelf | null = browserShelf(), now: () => number = () => Date.now()) {
		this.#shelf = shelf;
		this.#now = now;
	}

	/** Whose things can be read now, and until when. */
	get lease(): Lease | null {
		return this.#held?.lease ?? null;
	}

	/** Whether what is put here outlives this page. */
	get durable(): boolean {
		return this.#held !== null;
	}

	/** Resolves when what is put here outlives this page, and what was kept can be read. */
	opened(): Promise<void> {
		return this.#held ? Promise.resolve() : new Promise((tell) => this.#opened.push(tell));
	}

	/** Takes up the key that this browser keeps. What is over is wiped; what is locked stays shut. */
	async resume(): Promise<Lease | null> {
		if (!this.#shelf) return null;
		const kept = (await this.#shelf.get('keys', KEY).catch(() => null)) as Held | null | undefined;
		this.#held = kept?.share ? kept : null;
		if (!this.#held || (await this.expire())) return null;
		if (this.#held.locked && !this.#secret) {
			this.#held = null;
			return null;
		}
		this.#key = await keyOf(this.#held.share, this.#secret);
		for (const tell of this.#opened.splice(0)) tell();
		return this.#held.lease;
	}

	/** Whether an app lock stands over what is kept, and is open. */
	get guarded(): boolean {
		return this.#secret !== null;
	}

	/** The secret of an app lock that was just opened: asked for before anything is read. */
	guard(secret: Uint8Array<ArrayBuffer>): void {
		this.#secret = secret;
	}

	/**
	 * Another secret from now on, or none. What is kept, sealed with the secret `from` so far, is read with both keys until
	 * `done` is called by whoever has sealed it anew. `null`: nothing is kept yet.
	 */
	async rekey(secret: Uint8Array<ArrayBuffer> | null, from = this.#secret): Promise<Rekeying | null> {
		const held = this.#held;
		this.#secret = secret;
		if (!held || !this.#shelf) return null;
		const [before, key] = await Promise.all([keyOf(held.share, from), keyOf(held.share, secret)]);
		this.#before = before;
		this.#key = key;
		this.#held = { ...held, locked: secret !== null };
		await this.#shelf.put('keys', KEY, this.#held);
		return { key, before, done: () => (this.#before = null) };
	}

	/** There was something to read here, and its time has passed. */
	async locked(): Promise<boolean> {
		if (this.#held || !this.#shelf) return false;
		return (await this.#shelf.get('keys', OWNER).catch(() => null)) != null;
	}

	/** The key as the server just gave it. What another session left is wiped first. */
	async accept(base64: string, lease: Omit<Lease, 'latest'>): Promise<void> {
		const shelf = this.#shelf;
		if (!shelf) return;
		const share = await shareFrom(base64);
		const owner = (await shelf.get('keys', OWNER)) as string | undefined;
		if (owner !== lease.session) {
			this.#held = null;
			await shelf.clear('keys');
			await shelf.clear('values');
			await shelf.clear('parts');
			await shelf.put('keys', OWNER, lease.session);
		}
		const locked = this.#secret !== null;
		const held = { share, locked, lease: { ...lease, latest: this.#now() } };
		await shelf.put('keys', KEY, held);
		this.#key = await keyOf(share, this.#secret);
		this.#held = held;
		await this.#moveIn();
		for (const tell of this.#opened.splice(0)) tell();
	}

	/** What was put before the key came is sealed now. */
	async #moveIn(): Promise<void> {
		const memory = this.#memory;
		this.#memory = new MemoryShelf();
		for (const store of await memory.firsts('values'))
			for (const { place, thing } of await memory.below('values', store))
				await this.put(store as Store, String(place[1]), thing);
		for (const file of await memory.firsts('parts'))
			for (const { place, thing } of await memory.below('parts', file))
				await this.#putPiece(file, Number(place[1]), thing as ArrayBuffer);
	}

	/** Looks at the clock: drops the key, and what only serves reading, when the lease is over. `true`: it is. */
	async expire(): Promise<boolean> {
		const held = this.#held;
		if (!held || !this.#shelf) return false;
		const now = this.#now();
		if (!isOver(held.lease, now)) {
			if (now > held.lease.latest + 60_000) {
				held.lease = { ...held.lease, latest: now };
				await this.#shelf.put('keys', KEY, held).catch(() => {});
			}
			return false;
		}
		// Another page may have renewed it.
		const kept = (await this.#shelf.get('keys', KEY).catch(() => null)) as Held | null | undefined;
		if (kept && kept.lease.session === held.lease.session && !isOver(kept.lease, now)) {
			this.#held = kept;
			return false;
		}
		this.#held = null;
		await this.#shelf.drop('keys', KEY).catch(() => {});
		for (const store of await this.#shelf.firsts('values').catch(() => []))
			if (!WAITING.includes(store)) await this.#shelf.clear('values', store).catch(() => {});
		return true;
	}

	/** Everything of everybody: a sign-out, or a session that the server has ended. */
	async wipe(): Promise<void> {
		this.#held = null;
		await this.#memory.destroy();
		await this.#shelf?.destroy().catch(() => {});
	}

	async put<T>(store: Store, id: string, value: T): Promise<void> {
		await this.#lay('values', [store, id], value, () => new TextEncoder().encode(JSON.stringify(value)));
	}

	/** Sealing takes a moment: what was wiped meanwhile is not written again, and a key that changed seals anew. */
	async #lay(
		board: 'values' | 'parts',
		place: Place,
		thing: unknown,
		bytes: () => BufferSource
	): Promise<void> {
		for (;;) {
			const key = this.#held && this.#key;
			if (!key || !this.#shelf) return this.#memory.put(board, place, thing);
			const sealed = await seal(key, place, bytes());
			if (this.#held && this.#key === key) return this.#shelf.put(board, place, sealed);
		}
	}

	async get<T>(store: Store, id: string): Promise<T | null> {
		if (!this.#held || !this.#shelf)
			return ((await this.#memory.get('values', [store, id])) as T | undefined) ?? null;
		return this.#read<T>(store, id, await this.#shelf.get('values', [store, id]));
	}

	/** Everything of one store, in the order of ids. */
	async all<T>(store: Store): Promise<[id: string, value: T][]> {
		if (!this.#held || !this.#shelf) {
			const found = await this.#memory.below('values', store);
			return found.map(({ place, thing }) => [String(place[1]), thing as T]);
		}
		const found = await this.#shelf.below('values', store);
		const read = await Promise.all(
			found.map(async ({ place, thing }) => {
				const id = String(place[1]);
				const value = await this.#read<T>(store, id, thing);
				return value === null ? [] : [[id, value] as [string, T]];
			})
		);
		return read.flat();
	}

	async #read<T>(store: Store, id: string, sealed: unknown): Promise<T | null> {
		const bytes = await this.#open([store, id], sealed);
		return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as T) : null;
	}

	async #open(place: readonly [string, string | number], sealed: unknown): Promise<ArrayBuffer | null> {
		if (!this.#held || !this.#key || !sealed) return null;
		const bytes = await open(this.#key, place, sealed);
		return bytes ?? (this.#before && open(this.#before, place, sealed));
	}

	async drop(store: Store, id: string): Promise<void> {
		await this.#memory.drop('values', [store, id]);
		await this.#shelf?.drop('values', [store, id]);
	}

	async clear(store: Store): Promise<void> {
		await this.#memory.clear('values', store);
		await this.#shelf?.clear('values', store);
	}

	/** Keeps a file, piece by piece, so that one of any size never lies in memory whole. */
	async keepFile(id: string, file: Blob & { name?: string }): Promise<void> {
		for (let at = 0, piece = 0; at < file.size; at += PIECE, piece += 1)
			await this.#putPiece(id, piece, await file.slice(at, at + PIECE).arrayBuffer());
		await this.put<KeptFile>('files', id, { name: file.name ?? '', type: file.type, size: file.size });
	}

	/** Files that were kept whole. */
	keptFiles(): Promise<[id: string, file: KeptFile][]> {
		return this.all<KeptFile>('files');
	}

	/** One piece (from 0) of a kept file; `null` when it is not here. */
	async piece(id: string, number: number): Promise<ArrayBuffer | null> {
		const waiting = await this.#memory.get('parts', [id, number]);
		if (waiting) return waiting as ArrayBuffer;
		const sealed = await this.#shelf?.get('parts', [id, number]);
		return this.#open([id, number], sealed);
	}

	/** A kept file whole; `null` when it, or a piece of it, is not here. */
	async file(id: string): Promise<File | null> {
		const about = await this.get<KeptFile>('files', id);
		if (!about) return null;
		const pieces: ArrayBuffer[] = [];
		for (let number = 0; number * PIECE < about.size; number += 1) {
			const piece = await this.piece(id, number);
			if (!piece) return null;
			pieces.push(piece);
		}
		return new File(pieces, about.name, { type: about.type });
	}

	async dropFile(id: string): Promise<void> {
		await this.drop('files', id);
		await this.#memory.clear('parts', id);
		await this.#shelf?.clear('parts', id);
	}

	#putPiece(id: string, number: number, bytes: ArrayBuffer): Promise<void> {
		return this.#lay('parts', [id, number], bytes, () => bytes);
	}
}

/** Both are there only where the address is secure and the browser willing. */
function browserShelf(): Shelf | null {
	const there = typeof indexedDB !== 'undefined' && typeof crypto !== 'undefined' && !!crypto.subtle;
	return there ? new BrowserShelf() : null;
}

/** The one of this page. */
export const local = new Local();
