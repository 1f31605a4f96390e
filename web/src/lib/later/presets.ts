/**
 * The moments people mean by "later", in the clock they live by.
 *
 * What must stay true: every moment offered lies in the future, and days are counted by the calendar, not by 24 hours,
 * so that a change of the clocks moves nothing.
 */

export type Preset = 'hour' | 'evening' | 'tomorrow' | 'monday';

/** Hours of the local day. */
const EVENING = 17;
const MORNING = 9;
/** An evening that is nearly here is not "this evening" any more. */
const SOON_MS = 30 * 60_000;
const HOUR_MS = 3_600_000;

export function presets(now: number): { preset: Preset; at: number }[] {
	const today = new Date(now);
	const on = (days: number, hour: number) =>
		new Date(today.getFullYear(), today.getMonth(), today.getDate() + days, hour).getTime();
	const evening = on(0, EVENING);
	const toMonday = (8 - today.getDay()) % 7 || 7;
	return [
		{ preset: 'hour' as const, at: roundUp(now + HOUR_MS) },
		...(evening - now >= SOON_MS ? [{ preset: 'evening' as const, at: evening }] : []),
		{ preset: 'tomorrow' as const, at: on(1, MORNING) },
		// On a Sunday, Monday is tomorrow: named once.
		...(toMonday > 1 ? [{ preset: 'monday' as const, at: on(toMonday, MORNING) }] : [])
	];
}

/** To the next five minutes: nobody means 10:37:12. */
export function roundUp(at: number): number {
	const step = 5 * 60_000;
	return Math.ceil(at / step) * step;
}

/** For a `datetime-local` field, in the reader's own zone. */
export function toField(at: number): string {
	const date = new Date(at);
	const two = (number: number) => String(number).padStart(2, '0');
	const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
	return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Milliseconds; `null` while the field is not filled. */
export function fromField(value: string): number | null {
	const at = new Date(value).getTime();
	return Number.isNaN(at) ? null : at;
}
