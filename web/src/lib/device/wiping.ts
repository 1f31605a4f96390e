/**
 * Where the things of a person lie in this browser, and how they go (R14): in a page, and in the worker beside the pages
 * when none is open.
 *
 * What must stay true: what another person of this browser has is left alone; settings of the screen are nobody's; one
 * wipe is under way at a time.
 */
import { forgetAll } from '$lib/app/forget';
import { BrowserShelf, DATABASE as KEPT, type Board } from '$lib/local/shelf';
import { DATABASE as KEYS, type Held, type Keys } from './keys';
import { post, prove } from './proof';
import { report, wipe, type Wiped } from './wipe';

/** What a page does in another way than the worker. */
export interface Here {
	/** The registration of the worker. */
	beside(): Promise<ServiceWorkerRegistration | undefined>;
	/** The session that this browser is in, whoever's. */
	session(): Promise<string | null>;
	/** Ends what is under way, and lets go of what memory holds of the person. */
	leave(): Promise<void>;
}

/** Boards that hold things of a person; `plain` holds the language. */
const BOARDS: readonly Board[] = ['keys', 'values', 'parts'];
const NAME = 'kairan.wipe';

/**
 * When it could not be told, the next start tells. `known`: the key as whoever heard of the wipe had it, with the session
 * that has just ended by it; in the store that is no longer said.
 */
export async function carryOut(known: Held, keys: Keys, here: Here): Promise<Wiped> {
	// Before anything that waits: a page whose session has ended lets go of the same things by itself.
	const items = count(here).catch(() => 0);
	const act = async (): Promise<Wiped> => {
		const held = (await keys.all()).find((one) => one.device === known.device);
		// Somebody was before us, and the server knows.
		if (!held) return 'told';
		return once({ ...held, session: held.session ?? known.session }, keys, here, items);
	};
	return navigator.locks ? navigator.locks.request(NAME, act) : act();
}

async function once(held: Held, keys: Keys, here: Here, items: Promise<number>): Promise<Wiped> {
	const session = await here.session();
	const other =
		(await keys.all()).some((one) => one.session && one.device !== held.device) ||
		(session !== null && session !== held.session);
	const tell = async (gone: Held, many: number) => {
		const signed = await prove(gone, 'wiped');
		const said = await post(`/devices/${gone.device}/wiped`, { ...signed, items: many });
		// Told, or unknown to the server: then nobody waits for it.
		return said.status < 300 || ['device.proof_refused', 'device.state', 'not_found'].includes(said.code);
	};
	// Somebody else is in: with their session everything of the first one has gone.
	if (other) return report(held, { keys, tell });
	return wipe(held, {
		keys,
		tell,
		count: () => items,
		erase: () => erase(here),
		left: () => left(here)
	});
}

/** Things of the person: records, pieces of files, the subscription to notifications. */
async function count(here: Here): Promise<number> {
	let found = 0;
	// One that is just going is not put up again by looking into it.
	const shelf = new BrowserShelf(false);
	for (const board of BOARDS) found += await shelf.size(board).catch(() => 0);
	await shelf.close();
	const worker = await here.beside();
	if (await worker?.pushManager?.getSubscription().catch(() => null)) found += 1;
	return found;
}

/** Those, and everything that came with them, the copies of the app included. */
async function left(here: Here): Promise<number> {
	const strangers = (await databases()).filter((name) => name !== KEPT && name !== KEYS);
	const copies = (await globalThis.caches?.keys().catch(() => [])) ?? [];
	return (await count(here)) + strangers.length + copies.length;
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

async function erase(here: Here): Promise<void> {
	await here.leave();
	await new BrowserShelf().destroy().catch(() => {});
	await forgetAll(() => here.beside());
	const others = (await databases()).filter((name) => name !== KEYS && name !== KEPT);
	await Promise.all(others.map(gone));
}
