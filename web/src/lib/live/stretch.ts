/**
 * A stretch of the conversation without holes, and what an event, a page or a reader changes in it.
 *
 * What must stay true: a message counts an event only when it was written out before that event;
 * and two stretches that meet become one in which nothing is missing or doubled.
 */
import type { FileInfo } from '../files/wire';
import type { Message, RoomEvent } from './wire';

type Seq = number;
type Posted = Extract<RoomEvent, { kind: 'message.posted' }>;

/**
 * A message, and the head of the room at which it was read: events up to there are in it already.
 * `live`: it was posted under our eyes, so nobody had read it before we could hear of it.
 */
export type Kept = Message & { as_of: Seq; live: boolean };

/** A stretch of the conversation without holes. */
export interface Stretch {
	messages: Kept[];
	/** Joins, leaves, renames: what the conversation shows beside messages. */
	lines: RoomEvent[];
	more_before: boolean;
	/** False: the stretch reaches the end, and what is posted next belongs to it. */
	more_after: boolean;
	/** With `more_after` false: up to here the stretch was complete when it was read. */
	complete_to: Seq;
}

const LINES: ReadonlySet<RoomEvent['kind']> = new Set<RoomEvent['kind']>([
	'room.created',
	'room.changed',
	'room.archived',
	'room.restored',
	'room.member_added',
	'room.member_removed',
	'room.manager_added',
	'room.manager_removed'
]);

/** True for what is shown as a line between messages. */
export const isLine = (event: RoomEvent): boolean => LINES.has(event.kind);

/** The stretch after one more event, if it belongs to it. */
export function stretchAfter(stretch: Stretch, event: RoomEvent): Stretch {
	if (isLine(event)) {
		if (stretch.more_after || event.seq <= stretch.complete_to) return stretch;
		return { ...stretch, lines: [...stretch.lines, event] };
	}
	if (event.kind === 'message.posted') {
		if (stretch.more_after || event.seq <= stretch.complete_to) return stretch;
		return { ...stretch, messages: [...stretch.messages, born(event, stretch.messages)] };
	}
	let changed = false;
	const messages = stretch.messages.map((message) => {
		if (event.seq <= message.as_of) return message;
		const next = quoted(messageAfter(message, event), event);
		changed ||= next !== message;
		return next;
	});
	return changed ? { ...stretch, messages } : stretch;
}

/** A quote's author is empty while the quoted message is not among those loaded. */
export const quoteIsKnown = (message: Message): boolean =>
	!message.reply_to || message.reply_to.author !== '';

function born(event: Posted, others: readonly Kept[]): Kept {
	const { body } = event;
	const source = body.reply_to ? others.find((one) => one.id === body.reply_to) : undefined;
	return {
		id: body.message,
		room: event.room,
		seq: event.seq,
		at: event.at,
		author: event.actor ?? '',
		text: body.text,
		label: body.label,
		answered: null,
		reply_to: body.reply_to
			? {
					message: body.reply_to,
					author: source?.author ?? '',
					text: source?.text ?? null,
					...carried(source),
					deleted: source ? source.deleted_at !== null : false
				}
			: null,
		mentions: body.mentions,
		all: body.all,
		files: body.files,
		edited_at: null,
		edits: 0,
		deleted_at: null,
		deleted_by: null,
		pinned: null,
		reactions: [],
		read_count: 0,
		as_of: event.seq,
		live: true
	};
}

/** What a quote says of a message without words. */
const carried = (source: Pick<Message, 'files'> | undefined) => ({
	files: source?.files?.length ?? 0,
	file_kind: source?.files?.[0]?.kind ?? null
});

const FILE_STATES = {
	'file.released': 'ready',
	'file.infected': 'infected',
	'file.erased': 'erased'
} as const satisfies Partial<Record<RoomEvent['kind'], FileInfo['state']>>;

function filesAfter(message: Kept, event: RoomEvent): Kept {
	if (!('file' in event.body) || event.kind === 'file.added') return message;
	const { file } = event.body;
	if (!message.files.some((one) => one.id === file)) return message;
	const state = FILE_STATES[event.kind as keyof typeof FILE_STATES];
	return { ...message, files: message.files.map((one) => (one.id === file ? { ...one, state } : one)) };
}

function messageAfter(message: Kept, event: RoomEvent): Kept {
	if ('file' in event.body) return filesAfter(message, event);
	if (!('message' in event.body) || event.body.message !== message.id) return message;
	const by = event.actor ?? '';
	switch (event.kind) {
		case 'message.edited': {
			const { text, mentions, all } = event.body;
			return { ...message, text, mentions, all, edited_at: event.at, edits: message.edits + 1 };
		}
		case 'message.deleted':
			return { ...message, text: null, files: [], deleted_at: event.at, deleted_by: by };
		case 'message.pinned':
			return { ...message, pinned: { by, at: event.at } };
		case 'message.unpinned':
			return { ...message, pinned: null };
		case 'message.answered':
			return { ...message, answered: { by, at: event.at } };
		case 'message.reopened':
			return { ...message, answered: null };
		case 'reaction.added':
			return { ...message, reactions: withReaction(message.reactions, event.body.reaction, by) };
		case 'reaction.removed':
			return { ...message, reactions: withoutReaction(message.reactions, event.body.reaction, by) };
		default:
			return message;
	}
}

function quoted(message: Kept, event: RoomEvent): Kept {
	const quote = message.reply_to;
	if (!quote) return message;
	if (event.kind === 'message.edited' && event.body.message === quote.message)
		return { ...message, reply_to: { ...quote, text: event.body.text } };
	if (event.kind === 'message.deleted' && event.body.message === quote.message)
		return { ...message, reply_to: { ...quote, text: null, ...carried(undefined), deleted: true } };
	return message;
}

type Reactions = Message['reactions'];

export function withReaction(reactions: Reactions, reaction: string, by: string): Reactions {
	const there = reactions.find((one) => one.reaction === reaction);
	if (!there) return [...reactions, { reaction, members: [by] }];
	if (there.members.includes(by)) return reactions;
	return reactions.map((one) => (one === there ? { reaction, members: [...one.members, by] } : one));
}

export function withoutReaction(reactions: Reactions, reaction: string, by: string): Reactions {
	return reactions
		.map((one) =>
			one.reaction === reaction ? { reaction, members: one.members.filter((member) => member !== by) } : one
		)
		.filter((one) => one.members.length > 0);
}

/** Two runs in order; where both have a message, the one read later wins. */
export function union(first: readonly Kept[], second: readonly Kept[], head: Seq): Kept[] {
	const all = new Map<string, Kept>();
	for (const message of [...first, ...second]) {
		const there = all.get(message.id);
		if (!there || Math.max(message.as_of, head) > Math.max(there.as_of, head)) all.set(message.id, message);
	}
	return [...all.values()].sort((a, b) => a.seq - b.seq);
}

export function unite(first: readonly RoomEvent[], second: readonly RoomEvent[]): RoomEvent[] {
	const all = new Map<Seq, RoomEvent>();
	for (const line of [...first, ...second]) all.set(line.seq, line);
	return [...all.values()].sort((a, b) => a.seq - b.seq);
}

/** Keeps at most `most` messages, letting go of those farthest from `side`. */
export function trim(stretch: Stretch, most: number, side: 'start' | 'end'): Stretch {
	if (stretch.messages.length <= most) return stretch;
	const messages = side === 'start' ? stretch.messages.slice(0, most) : stretch.messages.slice(-most);
	const first = messages[0]?.seq ?? 0;
	const last = messages.at(-1)?.seq ?? 0;
	return side === 'start'
		? { ...stretch, messages, lines: stretch.lines.filter((line) => line.seq <= last), more_after: true }
		: { ...stretch, messages, lines: stretch.lines.filter((line) => line.seq > first), more_before: true };
}

/**
 * Someone has read up to `upto`. `from`: how far they had read before, `null` when this is the
 * first one hears of them; then only messages that were posted under our eyes can be counted.
 */
export function countReader(
	stretch: Stretch,
	member: string,
	from: Seq | null,
	upto: Seq
): { stretch: Stretch; sure: boolean } {
	let sure = true;
	let changed = false;
	const messages = stretch.messages.map((message) => {
		if (message.seq > upto || message.author === member) return message;
		if (from === null && !message.live) sure = false;
		if (from === null ? !message.live : message.seq <= from) return message;
		changed = true;
		return { ...message, read_count: message.read_count + 1 };
	});
	return { stretch: changed ? { ...stretch, messages } : stretch, sure };
}

/** Counts read anew. A count only grows, so the larger is the later. */
export function recount(stretch: Stretch, counts: ReadonlyMap<string, number>): Stretch {
	const messages = stretch.messages.map((message) => {
		const count = counts.get(message.id) ?? 0;
		return count > message.read_count ? { ...message, read_count: count } : message;
	});
	return { ...stretch, messages };
}

/** Fills in the author and words of quotes whose message was not loaded when they came. */
export function fillQuote(stretch: Stretch, source: Message): Stretch {
	const messages = stretch.messages.map((message) =>
		message.reply_to?.message === source.id && message.reply_to.author === ''
			? {
					...message,
					reply_to: {
						message: source.id,
						author: source.author,
						text: source.text,
						...carried(source),
						deleted: source.deleted_at !== null
					}
				}
			: message
	);
	return { ...stretch, messages };
}
