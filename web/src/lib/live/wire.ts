/**
 * What travels on the gateway: the shapes of frames and events, and their one reader.
 *
 * What must stay true: nothing from the socket reaches the rest of the client without
 * having passed `readFrame`; a frame this client does not know is dropped, not guessed.
 */
import type { components } from '$lib/api/schema';
import type { FileInfo } from '$lib/files/wire';

export type Member = components['schemas']['Member'];
export type Me = components['schemas']['Me'];
export type Room = components['schemas']['Room'];
export type Message = Omit<components['schemas']['Message'], 'files'> & { files: FileInfo[] };
export type Label = components['schemas']['Label'];
export type Department = components['schemas']['Department'];
export type RoomKind = components['schemas']['RoomKind'];
export type History = components['schemas']['History'];

/** How a message stood before something befell it; absent where I may not see it, or nobody wrote it down. */
export interface Was {
	seq: number;
	author: string;
	mentions: string[];
	all: boolean;
}

/** What can have happened in a room, by kind. */
export interface EventBodies {
	'room.created': {
		kind: RoomKind;
		name: string | null;
		description: string;
		icon: string | null;
		department: string | null;
		history: History;
		members: { member: string; manager: boolean }[];
	};
	'room.changed': { name?: string; description?: string; icon?: string | null; history?: History };
	'room.archived': Record<string, never>;
	'room.restored': Record<string, never>;
	'room.member_added': { member: string; manager: boolean };
	'room.member_removed': { member: string; left: boolean };
	'room.manager_added': { member: string };
	'room.manager_removed': { member: string };
	'message.posted': {
		message: string;
		text: string | null;
		label: Label | null;
		reply_to: string | null;
		mentions: string[];
		all: boolean;
		files: FileInfo[];
	};
	'file.added': { file: string };
	'file.released': { file: string };
	'file.infected': { file: string };
	'file.erased': { file: string };
	'message.edited': { message: string; text: string | null; mentions: string[]; all: boolean; was?: Was };
	'message.deleted': { message: string; was?: Was };
	'reaction.added': { message: string; reaction: string };
	'reaction.removed': { message: string; reaction: string };
	'message.pinned': { message: string };
	'message.unpinned': { message: string };
	'message.answered': { message: string };
	'message.reopened': { message: string };
}
export type EventKind = keyof EventBodies;

interface EventOf<K extends EventKind> {
	room: string;
	/** Gapless within the room, above the cursor given. */
	seq: number;
	/** Milliseconds since the epoch, UTC. */
	at: number;
	actor: string | null;
	kind: K;
	body: EventBodies[K];
}
/** One thing that happened in one room, with its place in that room's order. */
export type RoomEvent = { [K in EventKind]: EventOf<K> }[EventKind];

/** From the server. */
export type Frame =
	| { t: 'welcome'; session: string; heads: Record<string, number> }
	| ({ t: 'event' } & RoomEvent)
	| { t: 'refetch'; room: string; head: number }
	| { t: 'read'; room: string; member: string; upto: number; at: number }
	| { t: 'typing'; room: string; member: string }
	| { t: 'presence'; member: string; online: boolean }
	| { t: 'member'; member: Member }
	| { t: 'departments' }
	| { t: 'me' }
	| { t: 'room'; room: Room }
	| { t: 'mine'; what: Mine; room?: string }
	| { t: 'alarm'; audience: 'member' | 'admins' }
	| { t: 'pong' };

/** Lists of my own that follow me from device to device, and those that I keep for others. */
export type Mine =
	| 'drafts'
	| 'schedules'
	| 'bookmarks'
	| 'reminders'
	| 'notifications'
	| 'devices'
	| 'name'
	/** What others asked for, for those who manage members. */
	| 'names'
	| 'alarms'
	| 'policy';

/** To the server. */
export type Call =
	| { t: 'hello'; cursors: Record<string, number>; looking: string[] }
	| { t: 'looking'; rooms: string[] }
	| { t: 'typing'; room: string }
	| { t: 'ping' };

const known: ReadonlySet<string> = new Set<Frame['t']>([
	'welcome',
	'event',
	'refetch',
	'read',
	'typing',
	'presence',
	'member',
	'departments',
	'me',
	'room',
	'mine',
	'alarm',
	'pong'
]);

/** One text frame, or `null` when it is not one this client understands. */
export function readFrame(data: unknown): Frame | null {
	if (typeof data !== 'string') return null;
	try {
		const frame: unknown = JSON.parse(data);
		if (typeof frame !== 'object' || frame === null) return null;
		const { t } = frame as { t?: unknown };
		return typeof t === 'string' && known.has(t) ? (frame as Frame) : null;
	} catch {
		return null;
	}
}

/** Close codes the gateway uses (RFC 6455 section 7.4.2, the private range). */
export const closed = {
	sessionEnded: 4401,
	tooSlow: 4408,
	goingDown: 4409,
	malformed: 1007,
	badHello: 1008
} as const;
