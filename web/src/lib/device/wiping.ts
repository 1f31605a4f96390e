/**
 * Where the things of a person lie in this browser, and how they go (R14).
 *
 * What must stay true: what another person of this browser has is left alone; settings of the screen are nobody's.
 */
import { forgetAll } from '$lib/app/forget';
import { local } from '$lib/local/local';
import { BrowserShelf, DATABASE as KEPT, type Board } from '$lib/local/shelf';
import { noteLock } from '$lib/lock/hand';
import { session } from '$lib/session/session.svelte';
import { DATABASE as KEYS, type Held, type Keys } from './keys';
import { post, prove } from './proof';
import { report, wipe } from './wipe';

/** Boards that hold things of a person; `plain` holds the language. */
const BOARDS: readonly Board[] = ['keys', 'values', 'parts'];

/** Whether it is gone; when it could not be told, the next start tells. */
export async function carryOut(held: Held, keys: Keys): Promise<boolean> {
	const other =
		(await keys.all()).some((one) => one.session && one.device !== held.device) ||
		(session.me !== null && session.me.session !== held.session);
	const tell = async (gone: Held, items: number) => {
		const signed = await prove(gone, 'wiped');
		const said = await post(`/devices/${gone.device}/wiped`, { ...signed, items });
		// Told, or unknown to the server: then nobody waits for it.
		return said.status < 300 || ['device.proof_refused', 'device.state', 'not_found'].includes(said.code);
	};
	// Somebody else is in: with their session everything of the first one has gone.
	if (other) return (await report(held, { keys, tell })) !== 'left';
	return (await wipe(held, { keys, tell, count, erase, left })) !== 'left';
}

/** Things of the person: records, pieces of files, the subscription to notifications. */
async function count(): Promise<number> {
	let found = 0;
	if ((await databases()).includes(KEPT)) {
		const shelf = new BrowserShelf();
		for (const board of BOARDS) found += await shelf.size(board).catch(() => 0);
		await shelf.close();
	}
	const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
	if (await worker?.pushManager?.getSubscription().catch(() => null)) found += 1;
	return found;
}

/** Those, and everything that came with them, the copies of the app included. */
async function left(): Promise<number> {
	const strangers = (await databases()).filter((name) => name !== KEPT && name !== KEYS);
	const copies = (await globalThis.caches?.keys().catch(() => [])) ?? [];
	return (await count()) + strangers.length + copies.length;
}

/** Where the browser does not say which there are, ours is taken to be there. */
async function databases(): Promise<string[]> {
	const found = await indexedDB.databases?.().catch(() => null);
	return found ? found.flatMap(({ name }) => name ?? []) : [KEPT];
}

/** One that a page still holds open is looked at again by `left`. */
const gone = (name: string): Promise<void> =>
	new Promise((done) => {
		const request = indexedDB.deleteDatabase(name);
		request.onsuccess = request.onerror = request.onblocked = () => done();
	});

async function erase(): Promise<void> {
	if (session.me) await session.clear();
	await local.wipe();
	await forgetAll();
	const others = (await databases()).filter((name) => name !== KEYS && name !== KEPT);
	await Promise.all(others.map(gone));
	// Locks were among them.
	noteLock(null);
	sessionStorage.clear();
}
