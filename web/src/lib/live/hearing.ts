/**
 * What I want to be told of in a room, and until when I want silence.
 *
 * What must stay true: what counts here is what the server counts on the badge of a notification.
 */
import type { Room } from './wire';

/** How many unread messages of a room call for a look: in a room of two, everything is addressed to me. */
export function hears({ kind, archived, mine }: Pick<Room, 'kind' | 'archived' | 'mine'>): number {
	if (archived || mine.notify === 'none') return 0;
	return mine.notify === 'mentions' && kind !== 'direct' ? mine.mentions : mine.unread;
}

/** Whether fewer than all messages reach me from this room now. */
export const isHushed = ({ mine }: Pick<Room, 'mine'>, now: number): boolean =>
	mine.notify !== 'all' || (mine.quiet_until ?? 0) > now;

/** The hour at which people are back at their desks. */
const MORNING = 8;

/** When silence may end, in the reader's own time zone: in an hour, tomorrow morning, on Monday morning. */
export function silences(now: number): { hour: number; morning: number; monday: number } {
	const at = (days: number) => {
		const date = new Date(now);
		date.setDate(date.getDate() + days);
		return date.setHours(MORNING, 0, 0, 0);
	};
	const toMonday = (8 - new Date(now).getDay()) % 7 || 7;
	return { hour: now + 3_600_000, morning: at(1), monday: at(toMonday) };
}
