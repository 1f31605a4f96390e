/**
 * This page's part in the app lock: sets, opens, changes and ends it, and agrees with the other pages of this browser.
 *
 * What must stay true: the lock's secret is in the memory of open pages and nowhere else; when one page is shut all are,
 * and a shut page has nothing left of what it showed, because it is loaded anew.
 */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { forgetAll } from '$lib/app/forget';
import { keep, kept } from '$lib/i18n/keep';
import { live } from '$lib/live/store.svelte';
import { local } from '$lib/local/local';
import type { Lease } from '$lib/local/lease';
import { BrowserShelf } from '$lib/local/shelf';
import { session } from '$lib/session/session.svelte';
import { demanded, gate, lockFor, lockNoted, noteLock } from './hand';
import { ask, enrol } from './prf';
import { BrowserLocks, type Lock } from './records';
import { BrowserKept, reseal } from './reseal';
import { kindOf, USUAL } from './rules';
import { bolt, newSecret, sealFor, type Secret } from './secret';
import { tryAnswer, tryPasscode, type Tried, type Trying } from './trying';

const NAME = 'kairan.lock';
/** Milliseconds in which another page that is open says so. */
const ANSWERS_WITHIN = 250;

/** What pages tell each other. */
type Word =
	| { t: 'shut' }
	/** Who is open, and for whom? */
	| { t: 'ask' }
	| { t: 'open'; member: string; secret: Secret }
	/** The lock itself was changed: everybody loads anew. */
	| { t: 'anew' }
	| { t: 'leave'; why: Why };

/** Why everything kept was given up: ten wrong tries, or a passcode that nobody knows any more. */
export type Why = 'tries' | 'forgot';

export const locks = new BrowserLocks();

let line: Promise<unknown> = Promise.resolve();
/** One at a time: over all tabs where the browser has locks, in this one where not. */
function exclusively<T>(act: () => Promise<T>): Promise<T> {
	if (navigator.locks) return navigator.locks.request(NAME, act) as Promise<T>;
	const next = line.then(act, act);
	line = next.catch(() => {});
	return next;
}
const around: Trying = { locks, now: () => Date.now(), exclusively };

/** Whose lock this page has open. */
let mine: { member: string; secret: Secret } | null = null;
/** The lock is being changed here: nobody is handed a secret meanwhile. */
let busy = false;

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(NAME);
const say = (word: Word): void => channel?.postMessage(word);
const hearers = new Set<(word: Word) => void>();
channel?.addEventListener('message', ({ data }: MessageEvent<Word>) => {
	if (data.t === 'ask' && mine && !busy && !kept('lock.shut')) say({ t: 'open', ...mine });
	for (const hear of hearers) hear(data);
	if (data.t === 'anew') leaveFor(null);
	if (data.t === 'shut' && mine) leaveFor(here());
	if (data.t === 'leave') leaveFor(`/sign-in?why=${data.why}`);
});

/** Whether this browser can keep a lock: only at an address that is secure, and where there is a store. */
export const possible = (): boolean =>
	typeof indexedDB !== 'undefined' && typeof crypto !== 'undefined' && !!crypto.subtle;

export type Standing =
	| { is: 'shut'; lock: Lock }
	/** The organisation wants one, and there is none. */
	| { is: 'set' }
	| { is: 'open' }
	| { is: 'out' | 'entering' }
	/** Everything kept is gone, and the session is to be ended as soon as there is a line. */
	| { is: 'leaving' };

/** How it stands, before anything is shown. Throws a `Problem` where that cannot be known without a line. */
export async function look(): Promise<Standing> {
	if (lockNoted() === 'leave' && !(await endSession())) return { is: 'leaving' };
	if (!possible()) return demanded(session.me) === null ? pass() : { is: 'set' };
	// Lets go of what is over, even while it is locked.
	await local.resume().catch(() => null);
	const row = await lent();
	let member = row?.lease.member ?? session.me?.member.id;
	if (!member) {
		const known = await session.load();
		if (known !== 'in') return { is: known };
		member = session.me?.member.id ?? '';
	}
	const lock = await locks.get(member);
	if (!lock && row?.locked) {
		// Somebody took the lock away from what it closes: nothing opens that any more.
		await give('forgot', member);
		return lockNoted() === 'leave' ? { is: 'leaving' } : { is: 'out' };
	}
	if (!lock) return demanded(session.me) === null ? pass() : { is: 'set' };
	if (mine?.member === member && gate.open) return pass();
	const handed = kept('lock.shut') ? null : await askOthers(member);
	if (handed) {
		await opened(lock, handed);
		return { is: 'open' };
	}
	await note(0);
	return { is: 'shut', lock };
}

async function lent(): Promise<{ lease: Lease; locked?: boolean } | null> {
	const row = await new BrowserShelf().get('keys', ['lease', 'key']).catch(() => null);
	return (row as { lease: Lease; locked?: boolean } | null | undefined) ?? null;
}

/** Lets go of what was lent for a time that is over, while nobody is there to open it. */
export const tidy = (): Promise<unknown> => local.resume().catch(() => null);

function pass(): Standing {
	gate.open = true;
	void locks.count().then(
		(there) => lockNoted() === 'set' && there === 0 && noteLock(null),
		() => {}
	);
	return { is: 'open' };
}

function askOthers(member: string): Promise<Secret | null> {
	return new Promise((resolve) => {
		const stop = whenOpened(member, end);
		const timer = setTimeout(() => end(null), ANSWERS_WITHIN);
		function end(secret: Secret | null) {
			clearTimeout(timer);
			stop();
			resolve(secret);
		}
		say({ t: 'ask' });
	});
}

function whenOpened(member: string, act: (secret: Secret) => void): () => void {
	const hear = (word: Word) => {
		if (word.t === 'open' && word.member === member) act(word.secret);
	};
	hearers.add(hear);
	return () => hearers.delete(hear);
}

/** Another page was opened while this one stood shut. Gives the way out. */
export const whenOthersOpen = (lock: Lock, then: () => void): (() => void) =>
	whenOpened(lock.member, (secret) => void opened(lock, secret).then(then));

async function opened(lock: Lock, secret: Secret): Promise<void> {
	local.guard(secret);
	mine = { member: lock.member, secret };
	gate.open = true;
	keep('lock.touched', String(Date.now()));
	if (!lock.unfinished) return;
	// Its sealing was cut short.
	await local.resume().catch(() => null);
	await sealAnew(lock, secret, null);
}

async function settle(lock: Lock, tried: Tried): Promise<Tried> {
	if (tried.is === 'open') {
		keep('lock.shut', null);
		await opened(lock, tried.secret);
		say({ t: 'open', member: lock.member, secret: tried.secret });
	}
	if (tried.is === 'spent') await give('tries', lock.member);
	return tried;
}

export const tryOpen = async (lock: Lock, passcode: string): Promise<Tried> =>
	settle(lock, await tryPasscode(around, lock.member, passcode));

/** By the passkey. Throws a `Problem` when the browser, or whoever holds it, does not go along. */
export async function openByPasskey(lock: Lock): Promise<Tried> {
	if (!lock.passkey) return { is: 'none' };
	return settle(lock, await tryAnswer(around, lock.member, await ask(lock.passkey)));
}

/** Locks this browser now, every page of it. */
export function shut(): void {
	keep('lock.shut', '1');
	say({ t: 'shut' });
	leaveFor(here());
}

const here = (): string => {
	const path = location.pathname + location.search;
	return path.startsWith('/lock') ? path : lockFor(path);
};

/** Loads anew, so that nothing stays in memory; and nothing is seen until then, and nobody is asked. `null`: the same page. */
function leaveFor(address: string | null): void {
	mine = null;
	live.stop();
	addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), { capture: true });
	document.body.replaceChildren();
	if (address === null) location.reload();
	else location.replace(address);
}

/** Everything kept here goes, and the session with it; the account and the device's registration stay. */
export async function give(why: Why, member: string): Promise<boolean> {
	noteLock('leave');
	keep('lock.shut', null);
	mine = null;
	say({ t: 'leave', why });
	await local.wipe();
	await forgetAll();
	await locks.drop(member).catch(() => {});
	return endSession();
}

/** What nobody could see arrive, and would go. */
export async function unsent(): Promise<number> {
	return (await new BrowserShelf().below('values', 'outbox').catch(() => [])).length;
}

async function endSession(): Promise<boolean> {
	try {
		await answer(api.DELETE('/api/v1/session'));
	} catch (thrown) {
		if (![401, 403].includes(Problem.from(thrown).status)) return false;
	}
	session.me = null;
	noteLock((await locks.count().catch(() => 0)) > 0 ? 'set' : null);
	return true;
}

/** Sealing takes a while: the record says that it is under way until it is done. */
async function sealAnew(lock: Lock, secret: Secret | null, from?: Secret | null): Promise<void> {
	const change = await local.rekey(secret, from);
	if (change) {
		await reseal(new BrowserKept(), change.before, change.key);
		change.done();
	}
	if (secret) await locks.put({ ...((await locks.get(lock.member)) ?? lock), unfinished: false });
}

/** The first passcode of this member in this browser. */
export async function set(member: string, passcode: string): Promise<void> {
	busy = true;
	try {
		const secret = newSecret();
		const parts = await bolt(member, passcode, secret);
		const lock: Lock = {
			...parts,
			member,
			kind: kindOf(passcode),
			minutes: USUAL,
			passkey: null,
			wrong: 0,
			until: 0,
			unfinished: true
		};
		await exclusively(async () => {
			await locks.put(lock);
			noteLock('set');
			say({ t: 'anew' });
			mine = { member, secret };
			gate.open = true;
			await sealAnew(lock, secret);
		});
	} finally {
		busy = false;
	}
	if (mine) say({ t: 'open', ...mine });
}

export async function change(lock: Lock, present: string, next: string): Promise<Tried> {
	const tried = await tryPasscode(around, lock.member, present);
	if (tried.is === 'open') {
		const parts = await bolt(lock.member, next, tried.secret);
		await update(lock.member, { ...parts, kind: kindOf(next) });
	}
	return settle(lock, tried);
}

export async function off(lock: Lock, present: string): Promise<Tried> {
	const tried = await tryPasscode(around, lock.member, present);
	if (tried.is !== 'open') return settle(lock, tried);
	busy = true;
	try {
		await update(lock.member, { unfinished: true });
		say({ t: 'anew' });
		await sealAnew(lock, null, tried.secret);
		await locks.drop(lock.member);
		if ((await locks.count()) === 0) noteLock(null);
		mine = null;
		await new BrowserShelf().drop('plain', NOTE).catch(() => {});
		say({ t: 'anew' });
	} finally {
		busy = false;
	}
	return tried;
}

/** The member's own idle time, or that no passkey opens it any more. */
export function update(member: string, change: Partial<Lock>): Promise<void> {
	return exclusively(async () => {
		const lock = await locks.get(member);
		if (lock) await locks.put({ ...lock, ...change });
	});
}

/** A passkey opens it too from now on. Throws a `Problem`. */
export async function addPasskey(lock: Lock, present: string): Promise<Tried> {
	const tried = await tryPasscode(around, lock.member, present);
	if (tried.is === 'open') {
		const { answer: said, ...passkey } = await enrol();
		const sealed = await sealFor(lock.member, said, tried.secret);
		await update(lock.member, { passkey: { ...passkey, sealed } });
	}
	return settle(lock, tried);
}

const NOTE = ['settings', 'lock'] as const;

/** For the worker beside the page: until when a notification may say more than that there is one. */
export async function note(openUntil: number): Promise<void> {
	await new BrowserShelf().put('plain', NOTE, openUntil).catch(() => {});
}
