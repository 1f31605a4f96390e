/**
 * One try at a lock.
 *
 * What must stay true: it is counted on the disk before it is looked at, and one is made at a time over all tabs, so that
 * neither a reload nor a second tab gives another for nothing; the last one is spent whatever happens to the page.
 */
import { pauseAfter, triesLeft, TRIES, waits } from './rules';
import type { Lock, Locks } from './records';
import { openWith, unbolt, type Secret } from './secret';

export type Tried =
	| { is: 'open'; secret: Secret }
	/** `pause`: until the next may be made, ms. */
	| { is: 'wrong'; left: number; pause: number }
	/** Too early: it was neither looked at nor counted. */
	| { is: 'early'; pause: number }
	/** No more: what is kept goes. */
	| { is: 'spent' }
	/** There is no such lock. */
	| { is: 'none' };

export interface Trying {
	locks: Locks;
	now(): number;
	exclusively<T>(act: () => Promise<T>): Promise<T>;
}

export function tryPasscode(around: Trying, member: string, passcode: string): Promise<Tried> {
	const { locks, now } = around;
	return around.exclusively(async () => {
		const lock = await locks.get(member);
		if (!lock) return { is: 'none' };
		if (lock.wrong >= TRIES) return { is: 'spent' };
		const pause = waits(lock, now());
		if (pause > 0) return { is: 'early', pause };
		const wrong = lock.wrong + 1;
		await locks.put({ ...lock, wrong, until: now() + pauseAfter(wrong) });
		const secret = await unbolt(member, passcode, lock);
		if (secret) {
			await locks.put({ ...lock, wrong: 0, until: 0 });
			return { is: 'open', secret };
		}
		if (triesLeft(wrong) === 0) return { is: 'spent' };
		// The wait begins when the answer is there: it was counted from before the slow part.
		const until = now() + pauseAfter(wrong);
		await locks.put({ ...lock, wrong, until });
		return { is: 'wrong', left: triesLeft(wrong), pause: pauseAfter(wrong) };
	});
}

/** With what its passkey answered; the authenticator counts wrong fingers by itself. */
export function tryAnswer(around: Trying, member: string, answer: BufferSource): Promise<Tried> {
	return around.exclusively(async () => {
		const lock = await around.locks.get(member);
		if (!lock?.passkey) return { is: 'none' };
		const secret = await openWith(member, answer, lock.passkey.sealed);
		if (!secret) return { is: 'none' };
		await around.locks.put({ ...lock, wrong: 0, until: 0 } satisfies Lock);
		return { is: 'open', secret };
	});
}
