/**
 * What one room looks like after one more event: the client's copy of the server's projection.
 *
 * What must stay true: an event counts once, in its place. Doubled and late events change
 * nothing, and an event that comes too early is not applied but reported as a gap; so every
 * order of delivery, with the gaps fetched, ends at what a fresh load would show (R28).
 *
 * Pure: no clock, no network, no view. Two clocks of sequence meet here: `head`, up to which
 * events were applied, and `as_of` on each message, the head at which the server wrote it out.
 */
import { preview } from '../talk/preview';
import { stretchAfter, unite, union, type Stretch } from './stretch';
import type { Message, Room, RoomEvent } from './wire';

type Seq = number;

export interface RoomState {
	room: Room;
	/** Events are applied up to here, without a gap. */
	head: Seq;
	/** The highest place heard of. Above `head` there is a gap to be fetched. */
	seen: Seq;
	stretch: Stretch | null;
	/** The last events applied, for a page that was read a moment before them. */
	recent: RoomEvent[];
	/** I am no longer in it. */
	gone: boolean;
}

/** Who is looking, and who is from outside: what an event alone does not say. */
export interface Eyes {
	me: string;
	outsider(member: string): boolean;
}

/** Events remembered for late pages. A page is never older than a request takes. */
const RECENT = 500;

/** A room as it came from the server. */
export function begin(room: Room): RoomState {
	return { room, head: room.head, seen: room.head, stretch: null, recent: [], gone: false };
}

export const hasGap = (state: RoomState): boolean => state.seen > state.head && !state.gone;

/** Applies what can be applied, in order; what comes too early only raises `seen`. */
export function apply(state: RoomState, events: readonly RoomEvent[], eyes: Eyes): RoomState {
	let next = state;
	for (const event of [...events].sort((a, b) => a.seq - b.seq)) {
		if (next.gone || event.seq <= next.head) continue;
		next =
			event.seq === next.head + 1
				? step(next, event, eyes)
				: { ...next, seen: Math.max(next.seen, event.seq) };
	}
	return next;
}

function step(state: RoomState, event: RoomEvent, eyes: Eyes): RoomState {
	return {
		room: recalled(roomAfter(state.room, event, eyes), event, state.stretch, eyes),
		head: event.seq,
		seen: Math.max(state.seen, event.seq),
		stretch: state.stretch && stretchAfter(state.stretch, event),
		recent: [...state.recent.slice(1 - RECENT), event],
		gone: event.kind === 'room.member_removed' && event.body.member === eyes.me
	};
}

function roomAfter(room: Room, event: RoomEvent, eyes: Eyes): Room {
	const next = { ...room, head: event.seq };
	switch (event.kind) {
		case 'room.changed':
			return { ...next, ...event.body };
		case 'room.archived':
			return { ...next, archived: true };
		case 'room.restored':
			return { ...next, archived: false };
		case 'room.member_added': {
			const { member, manager } = event.body;
			if (room.members.some((one) => one.member === member)) return next;
			const outsiders = room.outsiders + (eyes.outsider(member) ? 1 : 0);
			return { ...next, outsiders, members: [...room.members, { member, manager, since: event.seq }] };
		}
		case 'room.member_removed': {
			const { member } = event.body;
			if (!room.members.some((one) => one.member === member)) return next;
			const outsiders = room.outsiders - (eyes.outsider(member) ? 1 : 0);
			return { ...next, outsiders, members: room.members.filter((one) => one.member !== member) };
		}
		case 'room.manager_added':
		case 'room.manager_removed': {
			const manager = event.kind === 'room.manager_added';
			const { member } = event.body;
			return {
				...next,
				members: room.members.map((one) => (one.member === member ? { ...one, manager } : one))
			};
		}
		case 'message.posted':
			return posted(next, event, eyes);
		case 'message.edited':
			if (room.last?.message !== event.body.message || room.last.deleted) return next;
			return { ...next, last: { ...room.last, text: preview(event.body.text ?? '') } };
		case 'message.deleted':
			if (room.last?.message !== event.body.message) return next;
			return { ...next, last: { ...room.last, text: '', files: 0, file_kind: null, deleted: true } };
		default:
			return next;
	}
}

type Posted = Extract<RoomEvent, { kind: 'message.posted' }>;

function posted(room: Room, event: Posted, { me }: Eyes): Room {
	const { body, seq, at } = event;
	const author = event.actor ?? '';
	const last = {
		message: body.message,
		seq,
		at,
		author,
		text: preview(body.text ?? ''),
		files: body.files.length,
		file_kind: body.files[0]?.kind ?? null,
		deleted: body.text === null
	};
	if (author === me) return { ...room, last };
	const named = body.all || body.mentions.includes(me);
	return {
		...room,
		last,
		mine: { ...room.mine, unread: room.mine.unread + 1, mentions: room.mine.mentions + (named ? 1 : 0) }
	};
}

/**
 * What is deleted before it was read is no longer unread, and what is edited may no longer name me.
 * The event says how the message stood, loaded or not; one from before events did so needs it loaded.
 */
function recalled(room: Room, event: RoomEvent, stretch: Stretch | null, { me }: Eyes): Room {
	if (event.kind !== 'message.deleted' && event.kind !== 'message.edited') return room;
	const loaded = stretch?.messages.find((one) => one.id === event.body.message && one.deleted_at === null);
	const before = event.body.was ?? loaded;
	const { mine } = room;
	if (!before || before.author === me || before.seq <= mine.read) return room;
	const names = (one: { all: boolean; mentions: readonly string[] }) =>
		Number(one.all || one.mentions.includes(me));
	const deleted = event.kind === 'message.deleted';
	const now = deleted ? 0 : names(event.body);
	return {
		...room,
		mine: {
			...mine,
			unread: Math.max(0, mine.unread - Number(deleted)),
			mentions: Math.max(0, mine.mentions - names(before) + now)
		}
	};
}

/** A page as the server gives it, with the lines that lie between its messages. */
export interface Page {
	messages: readonly Message[];
	lines: readonly RoomEvent[];
	head: Seq;
	more_before: boolean;
	more_after: boolean;
}

export type Place = 'replace' | 'before' | 'after';

/**
 * Lays a page into the room. `null`: the page is older than the events still remembered,
 * so it has to be asked for again.
 */
export function lay(state: RoomState, page: Page, place: Place): RoomState | null {
	let fresh: Stretch | null = {
		messages: page.messages.map((message) => ({ ...message, as_of: page.head, live: false })),
		lines: page.lines.filter((line) => line.seq <= page.head),
		more_before: page.more_before,
		more_after: page.more_after,
		complete_to: page.head
	};
	const missed = state.recent.filter((event) => event.seq > page.head);
	if (page.head < state.head && missed.length !== state.head - page.head) return null;
	for (const event of missed) fresh = stretchAfter(fresh, event);
	const old = state.stretch;
	if (!old || place === 'replace') return { ...state, stretch: fresh };
	const before = place === 'before';
	const stretch: Stretch = {
		messages: union(
			before ? fresh.messages : old.messages,
			before ? old.messages : fresh.messages,
			state.head
		),
		lines: unite(old.lines, fresh.lines),
		more_before: before ? fresh.more_before : old.more_before,
		more_after: before ? old.more_after : fresh.more_after,
		complete_to: before ? old.complete_to : fresh.complete_to
	};
	return { ...state, stretch };
}

/** I have read up to `upto`; `unread` and `mentions` are what is left, when it is known. */
export function readUpTo(state: RoomState, upto: Seq, at: number, me: string): RoomState {
	const { mine } = state.room;
	if (upto <= mine.read) return state;
	const left = unreadAfter(state, upto, me);
	const counts = left ?? { unread: mine.unread, mentions: mine.mentions };
	return { ...state, room: { ...state.room, mine: { ...mine, ...counts, read: upto, last_read_at: at } } };
}

/** What is unread above `upto`, if the loaded stretch can tell. */
export function unreadAfter(
	state: RoomState,
	upto: Seq,
	me: string
): { unread: number; mentions: number } | null {
	const { stretch, room } = state;
	if (upto >= (room.last?.seq ?? 0)) return { unread: 0, mentions: 0 };
	if (!stretch || stretch.more_after) return null;
	const first = stretch.messages[0];
	if (stretch.more_before && (!first || first.seq > upto + 1)) return null;
	const left = stretch.messages.filter(
		(one) => one.seq > upto && one.author !== me && one.deleted_at === null
	);
	return { unread: left.length, mentions: left.filter((one) => one.all || one.mentions.includes(me)).length };
}

/**
 * The server's word on the room itself (counts, settings, members), under what is loaded of its
 * conversation. Events that came after that word are counted again on top; unchanged when
 * they are not all remembered.
 */
export function overlay(state: RoomState, room: Room, eyes: Eyes): RoomState {
	if (!state.stretch && room.head >= state.head) return begin(room);
	const later = state.recent.filter((event) => event.seq > room.head);
	if (room.head > state.head || later.length !== state.head - room.head) return state;
	const after = (one: Room, event: RoomEvent) => recalled(roomAfter(one, event, eyes), event, null, eyes);
	return { ...state, room: later.reduce(after, room) };
}
