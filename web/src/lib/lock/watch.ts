/**
 * Locks the app when nobody has touched any of its pages for long enough.
 *
 * What must stay true: a touch in one page counts for all; the time is looked at before a page is seen again, so that one
 * that slept is not shown first.
 */
import { keep, kept } from '$lib/i18n/keep';
import { session } from '$lib/session/session.svelte';
import { locks, note, shut } from './engine';
import { demanded } from './hand';
import { isDue, strictest } from './rules';

/** Milliseconds between two looks at the clock; a touch is told to the other pages at most so often. */
const LOOK_EVERY = 5_000;
const TELL_EVERY = 2_000;
const TOUCHES = ['pointerdown', 'pointermove', 'keydown', 'input', 'wheel', 'touchstart', 'scroll'] as const;

let own: number | null = null;
let touched = 0;
let told = 0;
let noted = 0;
let watching = false;

const shared = () => Number(kept('lock.touched') ?? 0);

function touch(): void {
	// What was due when the hand came back stays due.
	if (watching && look()) return;
	touched = Date.now();
	if (touched < told + TELL_EVERY && touched >= told) return;
	told = touched;
	keep('lock.touched', String(touched));
}

/** `true`: it is locked now. */
function look(): boolean {
	if (own === null) return false;
	const now = Date.now();
	const minutes = strictest(own, demanded(session.me));
	const last = Math.max(touched, shared());
	if (kept('lock.shut') || isDue(last, minutes, now)) {
		watching = false;
		shut();
		return true;
	}
	const until = last + minutes * 60_000;
	// Written to the disk: not for every touch.
	if (until > noted + Math.min(minutes * 15_000, 60_000)) void note((noted = until));
	return false;
}

/** The member has chosen another time. */
export function chosen(minutes: number): void {
	own = minutes;
}

export async function watch(member: string): Promise<void> {
	const lock = await locks.get(member);
	if (!lock) return;
	own = lock.minutes;
	touched = Date.now();
	if (watching) return;
	watching = true;
	for (const name of TOUCHES) addEventListener(name, touch, { capture: true, passive: true });
	for (const name of ['focus', 'pageshow'] as const) addEventListener(name, () => watching && look());
	document.addEventListener('visibilitychange', () => watching && look());
	setInterval(() => watching && look(), LOOK_EVERY);
	look();
}

/** There is no lock any more. */
export function rest(): void {
	watching = false;
	own = null;
}
