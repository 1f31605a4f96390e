import { describe, expect, it } from 'vitest';
import type { Entry } from '../live/outbox';
import type { Kept, Stretch } from '../live/stretch';
import type { RoomEvent } from '../live/wire';
import { ago, rows } from './grouping';

const noon = new Date(2026, 11, 7, 12, 0).getTime();
const minute = 60_000;

const said = (seq: number, author: string, at: number, more: Partial<Kept> = {}): Kept => ({
	id: `m${seq}`,
	room: 'r',
	seq,
	at,
	author,
	text: 'はい',
	label: null,
	answered: null,
	reply_to: null,
	mentions: [],
	all: false,
	edited_at: null,
	edits: 0,
	deleted_at: null,
	deleted_by: null,
	pinned: null,
	reactions: [],
	files: [],
	read_count: 0,
	as_of: seq,
	live: false,
	...more
});
const joined = (seq: number, at: number): RoomEvent => ({
	room: 'r',
	seq,
	at,
	actor: 'a',
	kind: 'room.member_added',
	body: { member: 'b', manager: false }
});
const stretch = (messages: Kept[], lines: RoomEvent[] = [], more_after = false): Stretch => ({
	messages,
	lines,
	more_before: false,
	more_after,
	complete_to: 100
});
const entry = (id: string): Entry => ({
	id,
	room: 'r',
	text: 'いま',
	label: null,
	reply_to: null,
	files: [],
	written_at: noon,
	progress: 'sending',
	why: null
});

/** Rows in a word each: D day, U unread, L line, m message, + message that goes on, ? on its way. */
const sketch = (of: Stretch, letters: Entry[] = [], unread: { after: number; count: number } | null = null) =>
	rows(of, letters, { me: 'me', unread })
		.map((row) =>
			row.row === 'message'
				? `${row.cont ? '+' : 'm'}${row.entry ? '?' : ''}`
				: { day: 'D', unread: `U${row.row === 'unread' ? row.count : ''}`, line: 'L' }[row.row]
		)
		.join(' ');

describe('rows', () => {
	it('goes on within five minutes of the same person', () => {
		const all = [
			said(1, 'a', noon),
			said(2, 'a', noon + 4 * minute),
			said(3, 'a', noon + 9 * minute),
			said(4, 'b', noon + 9 * minute)
		];
		expect(sketch(stretch(all))).toBe('D m + m m');
	});
	it('begins a day, and does not go on over midnight', () => {
		const late = new Date(2026, 11, 7, 23, 59).getTime();
		expect(sketch(stretch([said(1, 'a', late), said(2, 'a', late + 2 * minute)]))).toBe('D m D m');
	});
	it('marks once where reading stopped, before the first of others', () => {
		const all = [said(1, 'a', noon), said(2, 'me', noon), said(3, 'a', noon), said(4, 'a', noon)];
		expect(sketch(stretch(all), [], { after: 1, count: 2 })).toBe('D m m U2 m +');
	});
	it('marks nothing when nothing is unread', () =>
		expect(sketch(stretch([said(1, 'a', noon)]), [], { after: 1, count: 0 })).toBe('D m'));
	it('puts lines between messages', () =>
		expect(
			sketch(stretch([said(1, 'a', noon), said(3, 'a', noon)], [joined(2, noon), joined(4, noon)]))
		).toBe('D m L m L'));
	it('shows what is on its way at the end, once, and only at the end', () => {
		const all = [said(1, 'me', noon)];
		expect(sketch(stretch(all), [entry('m1'), entry('x')])).toBe('D m +?');
		expect(sketch(stretch(all, [], true), [entry('x')])).toBe('D m');
	});
	it('does not go on from a deleted message', () => {
		const all = [said(1, 'a', noon, { deleted_at: noon }), said(2, 'a', noon)];
		expect(sketch(stretch(all))).toBe('D m m');
	});
});

describe('ago', () => {
	const now = new Date(2026, 11, 9, 9, 0).getTime();
	it.each([
		['today', new Date(2026, 11, 9, 0, 0)],
		['yesterday', new Date(2026, 11, 8, 23, 59)],
		['week', new Date(2026, 11, 3, 0, 0)],
		['year', new Date(2026, 11, 2, 23, 0)],
		['older', new Date(2025, 11, 9, 9, 0)]
	] as const)('%s', (word, date) => expect(ago(date.getTime(), now)).toBe(word));
});
