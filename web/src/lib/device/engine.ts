/**
 * This browser as a device: proves itself, renews its session, enrols, and wipes itself when told to.
 *
 * What must stay true: what is done with the keys is done by one tab at a time.
 */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { LEAVE } from '$lib/app/words';
import type { Outcome } from '$lib/factors/calls';
import { newId } from '$lib/live/uuid';
import { session } from '$lib/session/session.svelte';
import * as enrolling from './enrol';
import { doorFor, ended, noteKey, type Why } from './hand';
import { BrowserKeys, plainLogin, type Held } from './keys';
import { canHold, makeKeys, post, prove, publicKey, type Proof } from './proof';
import { isDue, renew, type Around } from './renewer';
import { standing } from './standing';

const keys = new BrowserKeys();
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

const current = async (): Promise<Held | null> => (await keys.all()).find((one) => one.session) ?? null;

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
async function note(): Promise<void> {
	noteKey((await keys.all()).length > 0);
}

export async function socketProof(): Promise<{ device?: Proof }> {
	const held = await current();
	return held ? { device: { device: held.device, ...(await prove(held, 'socket')) } } : {};
}

/** For a password: this browser's key of whoever signs in by this name. */
export async function signInProof(login: string): Promise<Proof | null> {
	const name = plainLogin(login);
	const theirs = (await keys.all()).find(
		(one) => one.login === name && one.stage === 'enrolled' && one.wiped === null
	);
	return theirs ? { device: theirs.device, ...(await prove(theirs, 'sign-in')) } : null;
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

const parts: enrolling.Enrolling<Outcome> = {
	keys,
	make: async () => ({
		device: newId(),
		login: null,
		keys: await makeKeys(),
		stage: 'made',
		session: null,
		renewed: 0,
		wiped: null
	}),
	send: async (held, about, code) => {
		noteKey(true);
		const key = await publicKey(held.keys);
		const once = async () => {
			const signed = await prove(held, 'enrol');
			const body = { id: held.device, ...(code && { code }), ...about, key, ...signed };
			return answer<Outcome>(api.POST('/api/v1/session/device', { body }));
		};
		return once().catch((thrown) => {
			if (Problem.from(thrown).code !== 'device.proof_refused') throw thrown;
			return once();
		});
	},
	wipe: (held) => wipe(held)
};

async function bound(done: { held: Held; outcome: Outcome } | null): Promise<Outcome | null> {
	await note();
	if (!done) return null;
	await began(done.outcome.session, done.held.device);
	tend();
	return done.outcome;
}

export const possible = canHold;

/** This browser becomes a device of whoever is on the way in. Throws a `Problem`. */
export async function enrol(
	about: enrolling.About,
	code: string | null,
	login: string | null
): Promise<Outcome> {
	return (await bound(await enrolling.enrol(parts, about, code, login && plainLogin(login)))) as Outcome;
}

/** As a device that it has been before. `null`: it has not. */
export async function known(about: enrolling.About, login: string | null): Promise<Outcome | null> {
	if ((await keys.all()).length === 0) return null;
	return bound(await enrolling.known(parts, about, login && plainLogin(login)));
}

async function wipe(held: Held): Promise<void> {
	const [{ carryOut }, { page }] = await Promise.all([import('./wiping'), import('./leaving')]);
	const here = session.me !== null;
	if ((await carryOut(held.device, keys, page)) !== 'left') ended.why = 'wiped';
	await note();
	if (typeof BroadcastChannel !== 'undefined') {
		const channel = new BroadcastChannel(LEAVE);
		channel.postMessage('wiped' satisfies Why);
		channel.close();
	}
	if (here) location.replace(doorFor('/sign-in'));
}

/**
 * At the door: what was wiped and could not be told is told now, and a key whose session is long gone asks what is to
 * become of it. Gives why the reader stands here, when that is the reason.
 */
export async function look(): Promise<Why | null> {
	let why: Why | null = null;
	for (const held of await keys.all()) {
		try {
			if (held.wiped !== null) {
				await wipe(held);
				continue;
			}
			if (held.stage === 'made' || held.session) continue;
			const said = await standing(held);
			if (said?.wipe) {
				await wipe(held);
				why = 'wiped';
			} else if (said?.state === 'locked') why ??= 'locked';
		} catch {
			// No line: the next start asks again.
		}
	}
	await note();
	return why;
}

/** While the app is locked nobody else asks: whether this device is to be wiped, or is locked by somebody's order. */
export async function heed(): Promise<Why | null> {
	const held = await current().catch(() => null);
	if (!held) return null;
	const said = await standing(held).catch(() => null);
	if (said?.wipe) await wipe(held);
	return said?.wipe ? 'wiped' : said?.state === 'locked' ? 'locked' : null;
}

/** The device of a sign-in was told to wipe itself: done, and the sign-in may go on without it. */
export async function wipeFor(device: string): Promise<void> {
	const held = (await keys.all()).find((one) => one.device === device);
	if (held) await wipe(held);
}
