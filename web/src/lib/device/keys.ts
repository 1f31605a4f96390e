/**
 * The keys by which this browser is known: one pair for each person who uses it.
 *
 * What must stay true: the private half can be used here and never read (R18); a key outlives every sign-out, and goes
 * only when the server has heard that the device is wiped, or knows it no more.
 */

import { table } from '$lib/local/table';

export interface Held {
	/** The device's id, made here, before anything was sent. */
	device: string;
	/** By what its person signed in last; nothing is proved by it. */
	login: string | null;
	keys: CryptoKeyPair;
	/** `made`: never sent · `sent`: the answer has not come · `enrolled`: the server has said so. */
	stage: 'made' | 'sent' | 'enrolled';
	/** The session whose token this key renews: at most one key of a browser has one, as there is one cookie. */
	session: string | null;
	/** When its token was given, ms by this clock. */
	renewed: number;
	/** Wiped, and this many things gone, but the server has not heard of it yet. */
	wiped: number | null;
}

export interface Keys {
	all(): Promise<Held[]>;
	put(held: Held): Promise<void>;
	drop(device: string): Promise<void>;
}

/** Not the database of what is kept of a session: that one goes with every sign-out. */
export const DATABASE = 'kairan-device';

/** In the browser. Throws where there is no such store. */
export class BrowserKeys implements Keys {
	readonly #do = table(DATABASE, 'keys', 'device');

	all(): Promise<Held[]> {
		return this.#do('readonly', (store) => store.getAll() as IDBRequest<Held[]>);
	}

	async put(held: Held): Promise<void> {
		await this.#do('readwrite', (store) => store.put(held));
	}

	async drop(device: string): Promise<void> {
		await this.#do('readwrite', (store) => store.delete(device));
	}
}

/** One spelling for what people type in several. */
export const plainLogin = (login: string): string => login.trim().normalize('NFKC').toLowerCase();
