/**
 * The conversation in rows: what is said, by whom it goes on, where a day begins and where
 * reading stopped.
 *
 * What must stay true: every message appears once, in the order of the room, and what is not
 * yet acknowledged stands after everything that is.
 */
import type { Entry } from '../live/outbox';
import type { Kept, Stretch } from '../live/stretch';
import type { RoomEvent } from '../live/wire';

export type Row =
	| { row: 'day'; key: string; at: number }
	| { row: 'unread'; key: string; count: number }
	| { row: 'line'; key: string; event: RoomEvent }
	/** `entry`: this message is mine and still on its way. `cont`: goes on from the one above. */
	| { row: 'message'; key: string; message: Kept; entry: Entry | null; cont: boolean };

/** Within five minutes the same person goes on speaking. */
const CONTINUES = 5 * 60_000;

export interface View {
	me: string;
	/** Where reading had stopped when the room was opened; `null` once that has been seen. */
	unread: { after: number; count: number } | null;
}

export function rows(stretch: Stretch, letters: readonly Entry[], { me, unread }: View): Row[] {
	const out: Row[] = [];
	let lastDay: number | null = null;
	let previous: Kept | null = null;
	let marked = unread === null || unread.count === 0;
	const begin = (at: number) => {
		const day = startOfDay(at);
		if (day === lastDay) return;
		lastDay = day;
		previous = null;
		out.push({ row: 'day', key: `day-${day}`, at });
	};
	const say = (message: Kept, entry: Entry | null) => {
		begin(message.at);
		if (!marked && unread && message.seq > unread.after && message.author !== me && !entry) {
			marked = true;
			previous = null;
			out.push({ row: 'unread', key: 'unread', count: unread.count });
		}
		const cont: boolean =
			previous !== null &&
			previous.author === message.author &&
			message.at - previous.at < CONTINUES &&
			(previous.deleted_at === null) === (message.deleted_at === null);
		out.push({ row: 'message', key: message.id, message, entry, cont });
		previous = message;
	};
	const lines = [...stretch.lines];
	for (const message of stretch.messages) {
		while (lines[0] && lines[0].seq < message.seq) tell(lines.shift());
		say(message, null);
	}
	while (lines.length > 0) tell(lines.shift());
	if (!stretch.more_after) {
		const there = new Set(stretch.messages.map((message) => message.id));
		for (const entry of letters) if (!there.has(entry.id)) say(asMessage(entry, me, stretch), entry);
	}
	return out;

	function tell(event: RoomEvent | undefined) {
		if (!event) return;
		begin(event.at);
		previous = null;
		out.push({ row: 'line', key: `line-${event.seq}`, event });
	}
}

function asMessage(entry: Entry, me: string, stretch: Stretch): Kept {
	const source = entry.reply_to ? stretch.messages.find((one) => one.id === entry.reply_to) : undefined;
	return {
		id: entry.id,
		room: entry.room,
		seq: Number.MAX_SAFE_INTEGER,
		at: entry.written_at,
		author: me,
		text: entry.text,
		label: entry.label,
		answered: null,
		reply_to: entry.reply_to
			? {
					message: entry.reply_to,
					author: source?.author ?? '',
					text: source?.text ?? null,
					files: source?.files?.length ?? 0,
					file_kind: source?.files?.[0]?.kind ?? null,
					deleted: false
				}
			: null,
		mentions: [],
		all: false,
		files: [],
		edited_at: null,
		edits: 0,
		deleted_at: null,
		deleted_by: null,
		pinned: null,
		reactions: [],
		read_count: 0,
		as_of: 0,
		live: true
	};
}

/** Midnight before, in the reader's own time zone, in ms. */
export function startOfDay(at: number): number {
	return new Date(at).setHours(0, 0, 0, 0);
}

/** How a time is said in a list: the hour today, then yesterday, then the day of the week, then the date. */
export type Ago = 'today' | 'yesterday' | 'week' | 'year' | 'older';

export function ago(at: number, now: number): Ago {
	const today = startOfDay(now);
	const day = startOfDay(at);
	if (day >= today) return 'today';
	// Dates, not hours: a day of the change to summer time has 23.
	const days = Math.round((today - day) / 86_400_000);
	if (days === 1) return 'yesterday';
	if (days < 7) return 'week';
	return new Date(at).getFullYear() === new Date(now).getFullYear() ? 'year' : 'older';
}
