/**
 * Seals anew, with another key, what this browser keeps.
 *
 * What must stay true: nothing is unreadable in between, and nothing that was written meanwhile is written over: a thing
 * is replaced only if it is still the one that was opened.
 */
import { open, seal, type Sealed } from '$lib/local/seal';
import { DATABASE, type Place } from '$lib/local/shelf';

/** Where sealed things lie. */
const BOARDS = ['values', 'parts'] as const;
type Board = (typeof BOARDS)[number];

/** What is kept, one by one. */
export interface Kept {
	places(board: Board): Promise<Place[]>;
	get(board: Board, place: Place): Promise<Sealed | undefined>;
	/** `after` in the place of `before`, if that is still there. */
	swap(board: Board, place: Place, before: Sealed, after: Sealed): Promise<void>;
}

export async function reseal(kept: Kept, before: CryptoKey, key: CryptoKey): Promise<void> {
	for (const board of BOARDS)
		for (const place of await kept.places(board)) {
			const sealed = await kept.get(board, place);
			const bytes = sealed && (await open(before, place, sealed));
			if (sealed && bytes) await kept.swap(board, place, sealed, await seal(key, place, bytes));
		}
}

export class BrowserKept implements Kept {
	async #do<T>(board: Board, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
		const database = await new Promise<IDBDatabase>((resolve, reject) => {
			const request = indexedDB.open(DATABASE);
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(request.error ?? new Error('refused'));
		});
		try {
			return await new Promise<T>((resolve, reject) => {
				const transaction = database.transaction(board, 'readwrite', { durability: 'strict' });
				const request = act(transaction.objectStore(board));
				transaction.oncomplete = () => resolve(request.result);
				transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
			});
		} finally {
			database.close();
		}
	}

	async places(board: Board): Promise<Place[]> {
		return (await this.#do(board, (store) => store.getAllKeys())) as unknown as Place[];
	}

	async get(board: Board, place: Place): Promise<Sealed | undefined> {
		const found = await this.#do(board, (store) => store.get(place as unknown as IDBValidKey));
		return found as Sealed | undefined;
	}

	async swap(board: Board, place: Place, before: Sealed, after: Sealed): Promise<void> {
		const key = place as unknown as IDBValidKey;
		await this.#do(board, (store) => {
			const asked = store.get(key);
			asked.onsuccess = () => {
				const { iv } = (asked.result ?? {}) as Partial<Sealed>;
				if (iv && iv.every((byte, at) => byte === before.iv[at])) store.put(after, key);
			};
			return asked;
		});
	}
}
