import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply, begin, hasGap, lay, overlay, readUpTo, unreadAfter, type RoomState } from './reduce';
import { countReader, recount, trim } from './stretch';
import type { RoomEvent } from './wire';
import { isOutsider, ME, PEOPLE, ServerRoom, type Deed } from './world.test-help';

const eyes = { me: ME, outsider: isOutsider };
const index = fc.nat(20);
const word = fc.constantFrom('はい', '了解です', '明日', '棚卸し', 'שלום');
const deed: fc.Arbitrary<Deed> = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({
			do: fc.constant('post' as const),
			by: index,
			text: word,
			to: fc.option(index),
			named: fc.boolean(),
			consult: fc.boolean(),
			files: fc.constantFrom(0, 0, 1, 3)
		})
	},
	fc.record({
		do: fc.constantFrom('edit', 'delete', 'pin', 'unpin', 'answer', 'reopen'),
		which: index,
		text: word
	}),
	{
		weight: 2,
		arbitrary: fc.record({
			do: fc.constantFrom('react', 'unreact'),
			by: index,
			which: index,
			reaction: fc.constantFrom('確認', '👍')
		})
	},
	fc.record({ do: fc.constantFrom('release', 'infect', 'erase'), which: index }),
	fc.record({ do: fc.constantFrom('add', 'remove', 'promote', 'demote'), who: index }),
	fc.record({ do: fc.constant('rename' as const), text: word })
);

/** What a state says, without the bookkeeping, in the shape of the server's snapshot. */
function told(state: RoomState) {
	const messages = state.stretch?.messages.map(({ as_of: _, live: __, ...message }) => message) ?? [];
	return { room: state.room, messages };
}

/** Loads the whole room as it is at `head`. */
function load(server: ServerRoom, head = server.head): RoomState {
	const state = lay(begin(server.snapshot(head).room), server.page(head, {}, 1000), 'replace');
	if (!state) throw new Error('a page as new as the room is never stale');
	return state;
}

function post(server: ServerRoom, by: string, text = 'はい', named = false) {
	server.perform({ do: 'post', by: PEOPLE.indexOf(by), text, to: null, named, consult: false });
}

describe('an event counts once, in its place (R28)', () => {
	it('ends at the snapshot for every order and doubling of delivery, gaps refetched', () => {
		const delivery = fc.array(fc.record({ pick: fc.nat(60), take: fc.nat(3), refetch: fc.boolean() }), {
			maxLength: 60
		});
		fc.assert(
			fc.property(fc.array(deed, { maxLength: 40 }), fc.nat(40), delivery, (deeds, loadedAt, deliveries) => {
				const server = new ServerRoom();
				for (const one of deeds) server.perform(one);
				let state = load(server, 1 + (loadedAt % server.head));
				for (const { pick, take, refetch } of deliveries) {
					const from = pick % server.head;
					state = apply(state, server.events.slice(from, from + 1 + take).reverse(), eyes);
					if (refetch && hasGap(state)) state = apply(state, server.events.slice(state.head), eyes);
				}
				state = apply(state, server.events.slice(state.head), eyes);
				expect(hasGap(state)).toBe(false);
				expect(told(state)).toEqual(server.snapshot());
			}),
			{ numRuns: 1000 }
		);
	});

	it('ends at the snapshot also when pages were read before or after the events beside them', () => {
		const moves = fc.array(
			fc.oneof(
				fc.record({ move: fc.constant('events' as const), count: fc.nat(6) }),
				fc.record({
					move: fc.constantFrom('before' as const, 'after' as const, 'replace' as const),
					head: fc.nat(60),
					limit: fc.integer({ min: 1, max: 8 })
				})
			),
			{ maxLength: 25 }
		);
		fc.assert(
			fc.property(
				fc.array(deed, { minLength: 5, maxLength: 40 }),
				fc.nat(40),
				moves,
				(deeds, loadedAt, all) => {
					const server = new ServerRoom();
					for (const one of deeds) server.perform(one);
					let state = begin(server.snapshot(1 + (loadedAt % server.head)).room);
					for (const move of all) {
						if (move.move === 'events') {
							state = apply(state, server.events.slice(state.head, state.head + move.count), eyes);
							continue;
						}
						const head = 1 + (move.head % server.head);
						const { stretch } = state;
						const first = stretch?.messages[0]?.seq;
						const last = stretch?.messages.at(-1)?.seq;
						// A page is asked for at an edge of what is loaded, and never shows less than was shown already.
						if (move.move === 'before' && first !== undefined && head >= first)
							state = lay(state, server.page(head, { before: first }, move.limit), 'before') ?? state;
						else if (move.move === 'after' && last !== undefined && stretch?.more_after && head >= last)
							state = lay(state, server.page(head, { after: last }, move.limit), 'after') ?? state;
						else if (move.move === 'replace')
							state = lay(state, server.page(head, {}, move.limit), 'replace') ?? state;
					}
					state = apply(state, server.events.slice(state.head), eyes);
					const { messages } = server.snapshot();
					const shown = told(state).messages;
					const first = messages.findIndex((one) => one.id === shown[0]?.id);
					const bare = (list: typeof messages) =>
						list.map(({ reply_to, ...rest }) => ({ ...rest, to: reply_to?.message ?? null }));
					expect(bare(shown)).toEqual(bare(first < 0 ? [] : messages.slice(first, first + shown.length)));
					const { stretch } = state;
					if (stretch && !stretch.more_after) expect(shown.at(-1)?.id).toBe(messages.at(-1)?.id);
				}
			),
			{ numRuns: 1000 }
		);
	});

	it('reports an event that comes too early and does not apply it', () => {
		const server = new ServerRoom();
		const state = load(server);
		post(server, 'anna');
		post(server, 'anna');
		const next = apply(state, server.events.slice(2), eyes);
		expect(hasGap(next)).toBe(true);
		expect(told(next)).toEqual(told(state));
	});

	it('asks again for a page older than the events remembered', () => {
		const server = new ServerRoom();
		for (let n = 0; n < 600; n += 1) post(server, 'anna');
		const state = apply(load(server, 1), server.events.slice(1), eyes);
		expect(lay(state, server.page(50, {}, 10), 'replace')).toBeNull();
	});
});

describe('membership', () => {
	it('ends for me at my removal, whatever follows (R25)', () => {
		const server = new ServerRoom();
		const seq = server.head + 1;
		const removed: RoomEvent = {
			room: 'room',
			seq,
			at: 1,
			actor: 'anna',
			kind: 'room.member_removed',
			body: { member: ME, left: false }
		};
		const after: RoomEvent = { ...removed, seq: seq + 1, kind: 'room.changed', body: { name: '見えない' } };
		const state = apply(load(server), [removed, after], eyes);
		expect(state.gone).toBe(true);
		expect(state.room.name).toBe('部屋');
	});
});

describe('unread', () => {
	it('counts what others say and who names me, and is nothing once read to the end', () => {
		const server = new ServerRoom();
		const start = load(server);
		post(server, 'anna', 'はい');
		post(server, 'anna', '@', true);
		post(server, ME);
		const state = apply(start, server.events.slice(start.head), eyes);
		expect(state.room.mine).toMatchObject({ unread: 2, mentions: 1 });
		expect(readUpTo(state, 2, 9, ME).room.mine).toMatchObject({ read: 2, unread: 1, mentions: 1 });
		expect(readUpTo(state, state.head, 9, ME).room.mine).toMatchObject({
			unread: 0,
			mentions: 0,
			last_read_at: 9
		});
	});

	it('is right after edits and deletions of what was never loaded, also under an older word of the server', () => {
		fc.assert(
			fc.property(fc.array(deed, { maxLength: 40 }), fc.nat(40), fc.nat(40), (deeds, at, told) => {
				const server = new ServerRoom();
				for (const one of deeds) server.perform(one);
				const room = server.snapshot(1 + (at % server.head)).room;
				const state = apply(begin(room), server.events.slice(room.head), eyes);
				expect(state.room.mine).toEqual(server.snapshot().room.mine);
				const loaded = lay(state, server.page(server.head, {}, 1000), 'replace');
				if (!loaded) throw new Error('a page as new as the room is never stale');
				const older = server.snapshot(room.head + (told % (server.head - room.head + 1))).room;
				expect(overlay(loaded, older, eyes).room.mine).toEqual(server.snapshot().room.mine);
			}),
			{ numRuns: 500 }
		);
	});

	it('is not guessed when the place is not loaded', () => {
		const server = new ServerRoom();
		for (let n = 0; n < 10; n += 1) post(server, 'anna');
		const state = load(server);
		const cut = { ...state, stretch: state.stretch && trim(state.stretch, 3, 'end') };
		expect(unreadAfter(cut, 3, ME)).toBeNull();
		expect(unreadAfter(cut, 9, ME)).toEqual({ unread: 2, mentions: 0 });
	});
});

describe('trim', () => {
	it('lets go of the far side and remembers that there is more', () => {
		const server = new ServerRoom();
		for (let n = 0; n < 10; n += 1) post(server, 'anna');
		const { stretch } = load(server);
		if (!stretch) throw new Error('loaded');
		expect(trim(stretch, 3, 'start')).toMatchObject({ more_after: true, more_before: false });
		expect(trim(stretch, 3, 'end').messages.map((one) => one.id)).toEqual(['m9', 'm10', 'm11']);
	});
});

describe('overlay', () => {
	it('takes the counts of the server and adds what came after them', () => {
		const server = new ServerRoom();
		post(server, 'anna');
		const told = server.snapshot().room;
		const state = apply(load(server, 1), server.events.slice(1), eyes);
		post(server, 'anna');
		const later = apply(state, server.events.slice(state.head), eyes);
		const next = overlay(later, { ...told, mine: { ...told.mine, unread: 7, notify: 'none' } }, eyes);
		expect(next.room.mine).toMatchObject({ unread: 8, notify: 'none' });
		expect(next.head).toBe(server.head);
	});

	it('leaves alone a room that has yet to catch up', () => {
		const server = new ServerRoom();
		const state = load(server);
		post(server, 'anna');
		expect(overlay(state, server.snapshot().room, eyes)).toBe(state);
	});
});

describe('readers', () => {
	it('are counted from where they had read to where they have', () => {
		const server = new ServerRoom();
		post(server, 'anna');
		post(server, ME);
		post(server, ME);
		const { stretch } = load(server);
		if (!stretch) throw new Error('loaded');
		const { stretch: next, sure } = countReader(stretch, 'anna', 2, 4);
		expect(sure).toBe(true);
		expect(next.messages.map((one) => one.read_count)).toEqual([0, 1, 1]);
	});

	it('heard of for the first time are sure only for what was posted under our eyes', () => {
		const server = new ServerRoom();
		post(server, ME);
		const start = load(server);
		post(server, ME);
		const { stretch } = apply(start, server.events.slice(start.head), eyes);
		if (!stretch) throw new Error('loaded');
		const counted = countReader(stretch, 'anna', null, 3);
		expect(counted.sure).toBe(false);
		expect(counted.stretch.messages.map((one) => one.read_count)).toEqual([0, 1]);
		expect(recount(counted.stretch, new Map([['m2', 1]])).messages.map((one) => one.read_count)).toEqual([
			1, 1
		]);
	});
});
