/**
 * Whether a message calls for a notification in this browser, and in which words. Pure.
 *
 * What must stay true: a room calls only as its member wished, and nobody is called in a time of silence; names and
 * words stand in it only as far as the organisation shows them (R15).
 */
import { hears, isHushed } from '$lib/live/hearing';
import type { Room, RoomEvent } from '$lib/live/wire';

export type Posted = Extract<RoomEvent, { kind: 'message.posted' }>;
export type Shows = 'nothing' | 'room' | 'text';

/** Older than this it was missed, and is unread; it is not news any more. Ms. */
const NEWS = 60_000;

export interface Ear {
	me: string;
	now: number;
	/** My own silence, in every room. */
	quiet_until: number | null;
}

export function calls(event: Posted, room: Room, { me, now, quiet_until }: Ear): boolean {
	if (event.actor === me || event.body.text === null || event.at < now - NEWS) return false;
	if ((quiet_until ?? 0) > now || (room.mine.quiet_until ?? 0) > now) return false;
	const named = event.body.all || event.body.mentions.includes(me);
	const one = { ...room, mine: { ...room.mine, unread: 1, mentions: named ? 1 : 0 } };
	return hears(one) > 0 && (!isHushed(room, now) || named || room.kind === 'direct');
}

export interface Words {
	title: string;
	body?: string;
}

export function wording(shows: Shows, plain: string, room: string, said: string): Words {
	if (shows === 'nothing') return { title: plain };
	return shows === 'room' ? { title: room, body: plain } : { title: room, body: said };
}
