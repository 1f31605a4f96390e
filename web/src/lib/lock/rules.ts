/**
 * What a passcode must be, how often one may be wrong about it, and when the app locks itself, as pure decisions.
 *
 * What must stay true: the stricter of two wishes holds; a try is paid for before it is looked at.
 */

/** Characters. */
export const SHORTEST = 6;
export const LONGEST = 64;
/** Wrong tries in a row; with the last of them everything kept here goes. */
export const TRIES = 10;
/** What a member may choose, in minutes. */
export const CHOICES = [1, 5, 15, 60] as const;
/** Until they choose, minutes. */
export const USUAL = 5;
/** A clock may be corrected by this much, ms; set back further, it is not believed. */
const CORRECTION = 10 * 60_000;

/** `six`: six digits, opened with the last of them · `digits`: more of them · `text`: anything else. */
export type Kind = 'six' | 'digits' | 'text';

/** One spelling for what is typed in several: full-width digits are digits. */
export const plain = (typed: string): string => typed.normalize('NFKC');

export function kindOf(passcode: string): Kind {
	if (!/^\d+$/.test(passcode)) return 'text';
	return passcode.length === SHORTEST ? 'six' : 'digits';
}

/** Why a passcode cannot be taken; `null`: it can. */
export function wrongWith(passcode: string): 'short' | 'long' | 'simple' | null {
	const letters = [...passcode];
	if (letters.length < SHORTEST) return 'short';
	if (letters.length > LONGEST) return 'long';
	return simple(letters) ? 'simple' : null;
}

/** What is tried first: one or two characters only, a run up or down, a piece said again (123123, 121212). */
function simple(letters: readonly string[]): boolean {
	if (new Set(letters).size <= 2) return true;
	const steps = letters.slice(1).map((one, at) => one.codePointAt(0)! - letters[at]!.codePointAt(0)!);
	if (steps.every((step) => step === steps[0]) && Math.abs(steps[0]!) <= 1) return true;
	const whole = letters.join('');
	for (let piece = 1; piece <= letters.length / 2; piece += 1)
		if (letters.length % piece === 0 && whole === whole.slice(0, piece).repeat(letters.length / piece))
			return true;
	return false;
}

/** Milliseconds of waiting after so many wrong tries in a row. */
export function pauseAfter(wrong: number): number {
	const seconds = [0, 0, 0, 0, 5, 15, 30, 60, 120, 300][wrong] ?? 0;
	return seconds * 1000;
}

/** What is left of a wait, ms. A clock that is set back makes it no longer than it was. */
export function waits(kept: { wrong: number; until: number }, now: number): number {
	return Math.min(pauseAfter(kept.wrong), Math.max(0, kept.until - now));
}

export const triesLeft = (wrong: number): number => Math.max(0, TRIES - wrong);

/** Minutes of rest that hold: the member's own and the organisation's, whichever is fewer. */
export const strictest = (own: number, demanded: number | null): number =>
	demanded === null ? own : Math.min(own, demanded);

/** Whether so much rest has passed since the last touch, by a clock that may have been set. */
export function isDue(touched: number, minutes: number, now: number): boolean {
	return now - touched >= minutes * 60_000 || now < touched - CORRECTION;
}
