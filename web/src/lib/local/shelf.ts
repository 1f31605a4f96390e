/**
 * Where sealed things lie: IndexedDB, or this page's memory where the browser refuses it.
 *
 * What must stay true: nothing here knows what it holds. What comes in is already sealed, except
 * for keys that the browser itself keeps from being read (non-extractable) and settings that are
 * nobody's secret.
 */

/** `keys`: the lease's key and whose it is · `values`: sealed records · `parts`: pieces of files · `plain`: settings. */
export type Board = 'keys' | 'values' | 'parts' | 'plain';

/** A place: the name of a store and an id, or the id of a file and a piece's number. */
export type Place = readonly [string, string | number];

export interface Shelf {
	get(board: Board, place: Place): Promise<unknown>;
	/** Everything below the first word of a place, in the order of the second. */
	below(board: Board, first: string): Promise<{ place: Place; thing: unknown }[]>;
	put(board: Board, place: Place, thing: unknown): Promise<void>;
	drop(board: Board, place: Place): Promise<void>;
	/** Everything below the first word, or the whole board. */
	clear(board: Board, first?: string): Promise<void>;
	/** First words in use. */
	firsts(board: Board): Promise<string[]>;
	/** Everything, the shelf itself included. */
	destroy(): Promise<void>;
}

export const DATABASE = 'kairan';
const VERSION = 1;
const BOARDS: readonly Board[] = ['keys', 'values', 'parts', 'plain'];

const all = (first: string) => IDBKeyRange.bound([first], [first, []]);

/** Opened when first used; closed when another page wants to delete it, and opened anew after that. */
export class BrowserShelf implements Shelf {
	#opening: Promise<IDBDatabase> | null = null;
	readonly #makes: boolean;

	/** @param makes whether it is put up where there is none; otherwise everything is refused there */
	constructor(makes = true) {
		this.#makes = makes;
	}

	#open(): Promise<IDBDatabase> {
		this.#opening ??= new Promise<IDBDatabase>((resolve, reject) => {
			const request = indexedDB.open(DATABASE, VERSION);
			request.onupgradeneeded = () => {
				if (!this.#makes) return request.transaction?.abort();
				for (const board of BOARDS) request.result.createObjectStore(board);
			};
			request.onerror = () => reject(request.error ?? new Error('refused'));
			request.onblocked = () => reject(new Error('blocked'));
			request.onsuccess = () => {
				const database = request.result;
				const close = () => {
					database.close();
					this.#opening = null;
				};
				database.onversionchange = close;
				database.onclose = close;
				resolve(database);
			};
		}).catch((refused) => {
			this.#opening = null;
			throw refused;
		});
		return this.#opening;
	}

	async #do<T>(
		board: Board,
		mode: IDBTransactionMode,
		act: (store: IDBObjectStore) => IDBRequest<T>
	): Promise<T> {
		const database = await this.#open();
		return new Promise<T>((resolve, reject) => {
			// Strict: what is told to be kept is on the disk, not only in a buffer.
			const transaction = database.transaction(board, mode, { durability: 'strict' });
			const request = act(transaction.objectStore(board));
			transaction.oncomplete = () => resolve(request.result);
			transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
			transaction.onerror = () => reject(transaction.error ?? request.error);
		});
	}

	get(board: Board, place: Place): Promise<unknown> {
		return this.#do(board, 'readonly', (store) => store.get(place as unknown as IDBValidKey));
	}

	async below(board: Board, first: string): Promise<{ place: Place; thing: unknown }[]> {
		let keys: IDBRequest<IDBValidKey[]> | null = null;
		const things = await this.#do(board, 'readonly', (store) => {
			keys = store.getAllKeys(all(first));
			return store.getAll(all(first)) as IDBRequest<unknown[]>;
		});
		const places = (keys as IDBRequest<IDBValidKey[]> | null)?.result ?? [];
		return places.map((place, index) => ({ place: place as unknown as Place, thing: things[index] }));
	}

	async put(board: Board, place: Place, thing: unknown): Promise<void> {
		await this.#do(board, 'readwrite', (store) => store.put(thing, place as unknown as IDBValidKey));
	}

	async drop(board: Board, place: Place): Promise<void> {
		await this.#do(board, 'readwrite', (store) => store.delete(place as unknown as IDBValidKey));
	}

	async clear(board: Board, first?: string): Promise<void> {
		await this.#do(board, 'readwrite', (store) =>
			first === undefined ? store.clear() : store.delete(all(first))
		);
	}

	async firsts(board: Board): Promise<string[]> {
		const keys = await this.#do(board, 'readonly', (store) => store.getAllKeys());
		return [...new Set(keys.map((key) => (key as unknown as Place)[0]))];
	}

	/** How many things lie on a board. */
	size(board: Board): Promise<number> {
		return this.#do(board, 'readonly', (store) => store.count());
	}

	async close(): Promise<void> {
		(await this.#opening?.catch(() => null))?.close();
		this.#opening = null;
	}

	async destroy(): Promise<void> {
		// Emptied first: another page may hold the shelf itself open for a while.
		for (const board of BOARDS) await this.clear(board).catch(() => {});
		(await this.#opening?.catch(() => null))?.close();
		this.#opening = null;
		await new Promise<void>((resolve) => {
			const request = indexedDB.deleteDatabase(DATABASE);
			request.onsuccess = request.onerror = request.onblocked = () => resolve();
		});
	}
}

/** Holds for as long as the page does. */
export class MemoryShelf implements Shelf {
	#boards = new Map<Board, Map<string, { place: Place; thing: unknown }>>();

	#board(board: Board) {
		let found = this.#boards.get(board);
		if (!found) this.#boards.set(board, (found = new Map()));
		return found;
	}

	async get(board: Board, place: Place): Promise<unknown> {
		return this.#board(board).get(JSON.stringify(place))?.thing;
	}

	async below(board: Board, first: string): Promise<{ place: Place; thing: unknown }[]> {
		return [...this.#board(board).values()]
			.filter(({ place }) => place[0] === first)
			.sort((a, b) => (a.place[1] < b.place[1] ? -1 : 1));
	}

	async put(board: Board, place: Place, thing: unknown): Promise<void> {
		this.#board(board).set(JSON.stringify(place), { place, thing });
	}

	async drop(board: Board, place: Place): Promise<void> {
		this.#board(board).delete(JSON.stringify(place));
	}

	async clear(board: Board, first?: string): Promise<void> {
		for (const [key, { place }] of this.#board(board))
			if (first === undefined || place[0] === first) this.#board(board).delete(key);
	}

	async firsts(board: Board): Promise<string[]> {
		return [...new Set([...this.#board(board).values()].map(({ place }) => place[0]))];
	}

	async destroy(): Promise<void> {
		this.#boards.clear();
	}
}
