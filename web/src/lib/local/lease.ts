/**
 * How long this browser may read what it keeps, as pure decisions.
 *
 * What must stay true: the key comes from a live session and is good until a moment the server
 * named; without a line nothing makes that moment later, setting the clock back included (R13).
 */

export interface Lease {
	/** Whose key it is. The same session always gets the same key. */
	session: string;
	member: string;
	/** Until when, ms since the epoch, by this device's clock. */
	until: number;
	/** The latest time this device has shown while the lease was used. */
	latest: number;
}

/** A clock may be corrected by this much, ms; set back further, it is not believed. */
const CORRECTION = 10 * 60_000;
/** No organisation lets a browser read on for longer than a week, ms, and an hour for good measure. */
const LONGEST = 169 * 3_600_000;

/**
 * The end of a lease by this device's clock, whose hands may differ from the server's.
 * `serverNow`: what the server's clock said with the answer, when it said so.
 */
export function until(expiresAt: number, serverNow: number | null, now: number): number {
	const lasts = expiresAt - (serverNow ?? now);
	return now + Math.min(LONGEST, Math.max(0, lasts));
}

export function isOver(lease: Pick<Lease, 'until' | 'latest'>, now: number): boolean {
	return now >= lease.until || now < lease.latest - CORRECTION;
}

/** Milliseconds at most between two renewals while there is a line. */
const RENEW_EVERY = 30 * 60_000;

/** An app that goes offline has at least two thirds of its lease left, however short that is. */
export const pace = (lasts: number): number => Math.min(RENEW_EVERY, lasts / 3);
