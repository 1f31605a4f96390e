import { describe, expect, it } from 'vitest';
import { hears, isHushed, silences } from './hearing';
import { ServerRoom } from './world.test-help';

const room = (kind: 'group' | 'direct', mine: object, archived = false) => {
	const { room } = new ServerRoom().snapshot();
	return { ...room, kind, archived, mine: { ...room.mine, unread: 5, mentions: 2, ...mine } };
};

describe('what counts', () => {
	it('follows the level, as the badge does', () => {
		expect(hears(room('group', { notify: 'all' }))).toBe(5);
		expect(hears(room('group', { notify: 'mentions' }))).toBe(2);
		expect(hears(room('direct', { notify: 'mentions' }))).toBe(5);
		expect(hears(room('group', { notify: 'none' }))).toBe(0);
		expect(hears(room('group', { notify: 'all' }, true))).toBe(0);
	});

	it('is hushed by a level or for a while', () => {
		expect(isHushed(room('group', { notify: 'all', quiet_until: null }), 10)).toBe(false);
		expect(isHushed(room('group', { notify: 'all', quiet_until: 11 }), 10)).toBe(true);
		expect(isHushed(room('group', { notify: 'all', quiet_until: 10 }), 10)).toBe(false);
		expect(isHushed(room('group', { notify: 'mentions', quiet_until: null }), 10)).toBe(true);
	});
});

describe('silence', () => {
	it('ends in an hour, tomorrow morning or on the next Monday morning', () => {
		for (let day = 7; day < 14; day++) {
			const now = new Date(2026, 11, day, 9, 30).getTime();
			const { hour, morning, monday } = silences(now);
			expect(hour - now).toBe(3_600_000);
			expect(new Date(morning)).toEqual(new Date(2026, 11, day + 1, 8));
			expect(new Date(monday)).toEqual(new Date(2026, 11, 14, 8));
		}
	});
});
