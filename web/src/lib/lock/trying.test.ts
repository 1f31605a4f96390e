// Tries at the lock: counted before they are looked at, ten and no more; and what opens what.
import { beforeEach, describe, expect, it } from 'vitest';
import { Local } from '$lib/local/local';
import { MemoryShelf } from '$lib/local/shelf';
import type { Lock, Locks } from './records';
import { reseal, type Kept } from './reseal';
import { pauseAfter, TRIES } from './rules';
import { bolt, newSecret, openWith, sealFor, unbolt, type Secret } from './secret';
import { tryAnswer, tryPasscode, type Trying } from './trying';

/** As many turns as a test has time for. */
const TURNS = 10;
const RIGHT = '409112';

class MemoryLocks implements Locks {
	readonly kept = new Map<string, Lock>();
	/** Called before a write counts. */
	before: (lock: Lock) => void = () => {};
	async get(member: string) {
		return this.kept.get(member) ?? null;
	}
	async put(lock: Lock) {
		this.before(lock);
		this.kept.set(lock.member, lock);
	}
	async drop(member: string) {
		this.kept.delete(member);
	}
	async count() {
		return this.kept.size;
	}
}

let locks: MemoryLocks;
let now: number;
let secret: Secret;
let around: Trying;

beforeEach(async () => {
	locks = new MemoryLocks();
	now = 1_000_000;
	secret = newSecret();
	let line: Promise<unknown> = Promise.resolve();
	around = {
		locks,
		now: () => now,
		exclusively: <T>(act: () => Promise<T>) => {
			const next = line.then(act, act);
			line = next.catch(() => {});
			return next;
		}
	};
	await locks.put({
		...(await bolt('m1', RIGHT, secret, TURNS)),
		member: 'm1',
		kind: 'six',
		minutes: 5,
		passkey: null,
		wrong: 0,
		until: 0,
		unfinished: false
	});
});

const attempt = (passcode: string) => tryPasscode(around, 'm1', passcode);

describe('a try', () => {
	it('opens with the passcode, in any width, and forgets the wrong ones before it', async () => {
		expect((await attempt('111222')).is).toBe('wrong');
		expect(locks.kept.get('m1')?.wrong).toBe(1);
		expect(await attempt('４０９１１２')).toEqual({ is: 'open', secret });
		expect(locks.kept.get('m1')).toMatchObject({ wrong: 0, until: 0 });
	});

	it('is paid for before it is looked at, so that a reload gives none for nothing', async () => {
		let counted = -1;
		locks.before = ({ wrong }) => {
			if (counted < 0) counted = wrong;
		};
		await attempt(RIGHT);
		expect(counted).toBe(1);
	});

	it('waits longer and longer, and what comes too early is neither looked at nor counted', async () => {
		for (let wrong = 1; wrong < TRIES; wrong += 1) {
			const pause = pauseAfter(wrong);
			expect(await attempt('111222')).toEqual({ is: 'wrong', left: TRIES - wrong, pause });
			if (pause === 0) continue;
			now += pause - 1;
			expect(await attempt(RIGHT)).toEqual({ is: 'early', pause: 1 });
			expect(locks.kept.get('m1')?.wrong).toBe(wrong);
			now += 1;
		}
		expect(await attempt('111222')).toEqual({ is: 'spent' });
		now += 86_400_000;
		expect(await attempt(RIGHT)).toEqual({ is: 'spent' });
	});

	it('is one at a time: ten at once are ten', async () => {
		const tried = await Promise.all(Array.from({ length: 12 }, () => attempt('111222')));
		expect(tried.filter(({ is }) => is === 'wrong')).toHaveLength(4);
		expect(tried.filter(({ is }) => is === 'early')).toHaveLength(8);
	});
});

describe('what opens it', () => {
	it('a record moved to somebody else opens nothing', async () => {
		const lock = await locks.get('m1');
		expect(await unbolt('m2', RIGHT, lock!)).toBeNull();
		const other = await bolt('m1', RIGHT, secret, TURNS);
		// Without the key of the browser it was made in.
		expect(await unbolt('m1', RIGHT, { ...lock!, pepper: other.pepper })).toBeNull();
	});

	it('a passkey opens it by what it answers, and only by that', async () => {
		const answer = crypto.getRandomValues(new Uint8Array(32));
		const sealed = await sealFor('m1', answer, secret);
		expect(await openWith('m1', new Uint8Array(32), sealed)).toBeNull();
		const passkey = { id: 'x', rp: 'localhost', salt: newSecret(), sealed };
		await locks.put({ ...(await locks.get('m1'))!, passkey, wrong: 6, until: now + 1_000 });
		expect(await tryAnswer(around, 'm1', answer)).toEqual({ is: 'open', secret });
		expect(locks.kept.get('m1')?.wrong).toBe(0);
	});
});

/** A shelf as the sealing sees it. */
const seen = (shelf: MemoryShelf): Kept => ({
	async places(board) {
		const found = [];
		for (const first of await shelf.firsts(board))
			for (const { place } of await shelf.below(board, first)) found.push(place);
		return found;
	},
	get: (board, place) => shelf.get(board, place) as never,
	async swap(board, place, before, after) {
		if ((await shelf.get(board, place)) === before) await shelf.put(board, place, after);
	}
});

describe('what is kept, under a lock', () => {
	const HOUR = 3_600_000;
	const lent = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
	let shelf: MemoryShelf;
	const lease = () => ({ session: 's1', member: 'm1', until: now + 24 * HOUR });

	beforeEach(() => {
		shelf = new MemoryShelf();
	});

	it('is read without a break while it is sealed anew, and afterwards only with the secret', async () => {
		const local = new Local(shelf, () => now);
		await local.accept(lent, lease());
		await local.put('rooms', 'a', '納品は火曜');
		await local.keepFile('f', new Blob(['abc']));
		const change = await local.rekey(secret);
		expect(await local.get('rooms', 'a')).toBe('納品は火曜');
		await local.put('outbox', 'b', '書いた');
		await reseal(seen(shelf), change!.before, change!.key);
		change!.done();
		expect(await local.get('rooms', 'a')).toBe('納品は火曜');
		expect(await local.get('outbox', 'b')).toBe('書いた');
		expect(await (await local.file('f'))?.text()).toBe('abc');

		const shut = new Local(shelf, () => now);
		expect(await shut.resume()).toBeNull();
		expect(await shut.get('rooms', 'a')).toBeNull();
		const wrong = new Local(shelf, () => now);
		wrong.guard(newSecret());
		await wrong.resume();
		expect(await wrong.get('rooms', 'a')).toBeNull();
		const open = new Local(shelf, () => now);
		open.guard(secret);
		expect((await open.resume())?.member).toBe('m1');
		expect(await open.get('rooms', 'a')).toBe('納品は火曜');
		// The same session's share again, as a renewal brings it.
		await open.accept(lent, lease());
		expect(await open.get('outbox', 'b')).toBe('書いた');
	});

	it('is gone with the lease although nobody opened it', async () => {
		const local = new Local(shelf, () => now);
		local.guard(secret);
		await local.accept(lent, lease());
		await local.put('rooms', 'a', 'x');
		now += 25 * HOUR;
		const shut = new Local(shelf, () => now);
		expect(await shut.resume()).toBeNull();
		expect(await shelf.firsts('values')).toEqual([]);
		expect((await shelf.firsts('keys')).length).toBe(1);
	});

	it('goes on where its sealing was cut short', async () => {
		const local = new Local(shelf, () => now);
		await local.accept(lent, lease());
		await local.put('outbox', 'a', '前');
		await local.rekey(secret);
		await local.put('outbox', 'b', '後');
		// The page ends here. The next one opens the lock.
		const next = new Local(shelf, () => now);
		next.guard(secret);
		await next.resume();
		expect(await next.get('outbox', 'a')).toBeNull();
		const change = await next.rekey(secret, null);
		expect(await next.all('outbox')).toEqual([
			['a', '前'],
			['b', '後']
		]);
		await reseal(seen(shelf), change!.before, change!.key);
		change!.done();
		expect(await next.all('outbox')).toHaveLength(2);
		const off = await next.rekey(null);
		await reseal(seen(shelf), off!.before, off!.key);
		const free = new Local(shelf, () => now);
		await free.resume();
		expect(await free.get('outbox', 'a')).toBe('前');
	});

	it('does not write over what was written meanwhile', async () => {
		const local = new Local(shelf, () => now);
		await local.accept(lent, lease());
		await local.put('drafts', 'a', '前');
		const change = await local.rekey(secret);
		const kept = seen(shelf);
		await reseal(
			{
				...kept,
				get: async (board, place) => {
					const found = await kept.get(board, place);
					await local.put('drafts', 'a', '後');
					return found;
				}
			},
			change!.before,
			change!.key
		);
		expect(await local.get('drafts', 'a')).toBe('後');
	});
});
