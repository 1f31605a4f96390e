/**
 * Reads what a start without a line needs; `keeper` wrote it.
 *
 * What must stay true: nothing is shown of a session but to itself, and only while its lease lasts.
 */
import type { Me } from '$lib/api/types';
import { local } from '$lib/local/local';
import type { People } from '$lib/people/directory.svelte';
import { begin, type RoomState } from './reduce';
import type { Stretch } from './stretch';
import type { Room } from './wire';

export interface KeptRoom {
	room: Room;
	head: number;
	stretch: Stretch | null;
}

export interface Kept {
	rooms: RoomState[];
	/** When this was how things stood, ms since the epoch. */
	as_of: number;
}

/** What this browser knows of my rooms without asking; `null`: nothing. */
export async function readKept(): Promise<Kept | null> {
	const as_of = await local.get<number>('me', 'as_of').catch(() => null);
	if (as_of === null) return null;
	const rooms = await local.all<KeptRoom>('rooms');
	return { as_of, rooms: rooms.map(([, kept]) => revive(kept)) };
}

/** Who I was when this browser last knew, with the people I may see; `null`: nobody it may still show. */
export async function readMe(): Promise<{ me: Me; people: People | null } | null> {
	const lease = await local.resume();
	const me = lease && (await local.get<Me>('me', 'me'));
	if (!me || me.session !== lease.session) return null;
	return { me, people: await local.get<People>('directory', 'all') };
}

function revive({ room, head, stretch }: KeptRoom): RoomState {
	// Nobody looked on while it lay here: what was live no longer is.
	const messages = stretch?.messages.map((one) => ({ ...one, live: false })) ?? [];
	return { ...begin(room), head, seen: head, stretch: stretch && { ...stretch, messages } };
}
