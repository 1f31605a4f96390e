import { describe, expect, it } from 'vitest';
import { ServerRoom, ME } from '$lib/live/world.test-help';
import { calls, wording, type Posted } from './calling';

const world = new ServerRoom();
const { room } = world.snapshot();
const posted = (change: Partial<Posted['body']> = {}, more: Partial<Posted> = {}): Posted => ({
	room: 'room',
	seq: 9,
	at: 100_000,
	actor: 'anna',
	kind: 'message.posted',
	body: {
		message: 'm',
		text: 'はい',
		label: null,
		reply_to: null,
		mentions: [],
		all: false,
		files: [],
		...change
	},
	...more
});
const ear = { me: ME, now: 100_500, quiet_until: null };
const with_ = (mine: Partial<typeof room.mine>) => ({ ...room, mine: { ...room.mine, ...mine } });

describe('what calls', () => {
	it('a message of somebody else, now', () => {
		expect(calls(posted(), room, ear)).toBe(true);
		expect(calls(posted({}, { actor: ME }), room, ear)).toBe(false);
		expect(calls(posted({}, { at: 100_500 - 60_001 }), room, ear)).toBe(false);
	});
	it('only as the member wished for this room', () => {
		expect(calls(posted(), with_({ notify: 'none' }), ear)).toBe(false);
		expect(calls(posted(), with_({ notify: 'mentions' }), ear)).toBe(false);
		expect(calls(posted({ mentions: [ME] }), with_({ notify: 'mentions' }), ear)).toBe(true);
		expect(calls(posted({ all: true }), with_({ notify: 'mentions' }), ear)).toBe(true);
	});
	it('never in a silence, of the room or of all', () => {
		expect(calls(posted({ mentions: [ME] }), with_({ quiet_until: ear.now + 1 }), ear)).toBe(false);
		expect(calls(posted(), room, { ...ear, quiet_until: ear.now + 1 })).toBe(false);
		expect(calls(posted(), with_({ quiet_until: ear.now }), ear)).toBe(true);
	});
});

// R15
it('says no more than the organisation shows', () => {
	expect(wording('nothing', '新しい', '駅前店', '乙川：はい')).toEqual({ title: '新しい' });
	expect(wording('room', '新しい', '駅前店', '乙川：はい')).toEqual({ title: '駅前店', body: '新しい' });
	expect(wording('text', '新しい', '駅前店', '乙川：はい')).toEqual({ title: '駅前店', body: '乙川：はい' });
});
