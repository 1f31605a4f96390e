/**
 * This browser as a device: proves itself, renews its session, and wipes itself when told to. How it comes in is `door`.
 *
 * What must stay true: what is done with the keys is done by one tab at a time.
 */
import { LEAVE } from '$lib/app/words';
import { session } from '$lib/session/session.svelte';
import { doorFor, ended, noteKey, type Why } from './hand';
import { BrowserKeys, type Held } from './keys';
import { post, prove, type Proof } from './proof';
import { isDue, renew, type Around } from './renewer';

export const keys = new BrowserKeys();
const NAME = 'kairan.device';
/** Milliseconds between two looks at the token's age. */
const LOOK_EVERY = 30_000;

let line: Promise<unknown> = Promise.resolve();

/** One at a time: over all tabs where the browser has locks, in this one where not. */
function exclusively<T>(act: () => Promise<T>): Promise<T> {
	if (navigator.locks) return navigator.locks.request(NAME, act) as Promise<T>;
	const next = line.then(act, act);
	line = next.catch(() => {});
	return next;
}

export const current = async (): Promise<Held | null> =>
	(await keys.all()).find((one) => one.session) ?? null;

const around: Around = {
	exclusively,
	now: () => Date.now(),
	current,
	keep: (held) => keys.put(held),
	ask: async (held) =>
		post('/session/renew', { session: held.session, device: held.device, ...(await prove(held, 'renew')) })
};

/** For the client of the API. `true`: the call may be made again. */
export async function fresh(since: number): Promise<boolean> {
	const held = await current().catch(() => null);
	if (!held) return false;
	const outcome = await renew(around, since);
	if (outcome === 'unreachable') throw new TypeError('the renewal was not answered');
	if (outcome === 'wipe') await wipe(held);
	if (outcome === 'locked') ended.why = 'locked';
	return outcome === 'fresh';
}

let tending = false;

/** Renews before the token ends, for what a browser fetches by itself cannot be made again. */
export function tend(): void {
	if (tending) return;
	tending = true;
	const look = async () => {
		const held = await current().catch(() => null);
		const now = Date.now();
		if (!held || !navigator.onLine || !isDue(held, now)) return;
		// Asking who one is does the rest: a session that is over leads to the door.
		if (!(await fresh(now).catch(() => true)) && session.me) await session.load().catch(() => {});
	};
	setInterval(() => void look(), LOOK_EVERY);
	addEventListener('online', () => void look());
	document.addEventListener('visibilitychange', () => {
		if (document.visibilityState === 'visible') void look();
	});
	hear();
	void look();
}

/** Another tab is told to leave at once, so that nothing is written again after a wipe. */
function hear(): void {
	if (typeof BroadcastChannel === 'undefined') return;
	new BroadcastChannel(LEAVE).onmessage = ({ data }) => void leave(data as Why);
}

async function leave(why: Why): Promise<void> {
	if (!session.me) return;
	await session.clear();
	location.replace(`/sign-in?why=${why}`);
}

/** The keys were changed: whether there are any is known before they are next asked for. */
export async function note(): Promise<void> {
	noteKey((await keys.all()).length > 0);
}

export async function socketProof(): Promise<{ device?: Proof }> {
	const held = await current();
	return held ? { device: { device: held.device, ...(await prove(held, 'socket')) } } : {};
}

/** A session was opened here, in this device or in none: no other is renewed from now on. */
export function began(opened: string, device?: string): Promise<void> {
	return exclusively(async () => {
		for (const held of await keys.all()) {
			if (!device && held.session === opened) continue;
			const its = held.device === device ? opened : null;
			if (its || held.session) await keys.put({ ...held, session: its, renewed: Date.now() });
		}
	});
}

/** Told to, this browser gives up everything of a person. */
export async function wipe(held: Held): Promise<void> {
	const { giveUp } = await import('./leaving');
	const here = session.me !== null;
	if ((await giveUp(held, keys)) !== 'left') ended.why = 'wiped';
	await note();
	if (typeof BroadcastChannel !== 'undefined') {
		const channel = new BroadcastChannel(LEAVE);
		channel.postMessage('wiped' satisfies Why);
		channel.close();
	}
	if (here) location.replace(doorFor('/sign-in'));
}
