/**
 * The locks of this browser, one for each person who set one. They outlive sign-outs, as the devices' keys do: whoever
 * comes back after their session ended need not choose a passcode anew.
 *
 * What must stay true: nothing here opens anything without its passcode or passkey, or says whose it is but by an id.
 */
import type { Sealed } from '$lib/local/seal';
import { table } from '$lib/local/table';
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

export class BrowserLocks implements Locks {
	readonly #do = table(DATABASE, 'locks', 'member');

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
