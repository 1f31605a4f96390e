/**
 * The locks of this browser, one for each person who set one. They outlive sign-outs, as the devices' keys do: whoever
 * comes back after their session ended need not choose a passcode anew.
 *
 * What must stay true: nothing here opens anything without its passcode or passkey, or says whose it is but by an id.
 */
import type { Sealed } from '$lib/local/seal';
import type { Kind } from './rules';
import type { Bolt } from './secret';

export interface Lock extends Bolt {
	member: string;
	kind: Kind;
	/** The member's own choice, in minutes. */
	minutes: number;
	/** A passkey that opens it too. */
	passkey: { id: string; rp: string; salt: Uint8Array<ArrayBuffer>; sealed: Sealed } | null;
	/** Wrong tries since the last right one. */
	wrong: number;
	/** No try before this, ms since the epoch. */
	until: number;
	/** What is kept has not all been sealed with the secret yet. */
	unfinished: boolean;
}

export interface Locks {
	get(member: string): Promise<Lock | null>;
	put(lock: Lock): Promise<void>;
	drop(member: string): Promise<void>;
	/** How many people of this browser have one. */
	count(): Promise<number>;
}

export const DATABASE = 'kairan-lock';
const STORE = 'locks';

export class BrowserLocks implements Locks {
	async #do<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
		const database = await new Promise<IDBDatabase>((resolve, reject) => {
			const request = indexedDB.open(DATABASE, 1);
			request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'member' });
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(request.error ?? new Error('refused'));
		});
		try {
			return await new Promise<T>((resolve, reject) => {
				// Strict: a try that was counted stays counted.
				const transaction = database.transaction(STORE, mode, { durability: 'strict' });
				const request = act(transaction.objectStore(STORE));
				transaction.oncomplete = () => resolve(request.result);
				transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
			});
		} finally {
			database.close();
		}
	}

	async get(member: string): Promise<Lock | null> {
		const found = await this.#do('readonly', (store) => store.get(member) as IDBRequest<Lock | undefined>);
		return found ?? null;
	}

	async put(lock: Lock): Promise<void> {
		await this.#do('readwrite', (store) => store.put(lock));
	}

	async drop(member: string): Promise<void> {
		await this.#do('readwrite', (store) => store.delete(member));
	}

	count(): Promise<number> {
		return this.#do('readonly', (store) => store.count());
	}
}
