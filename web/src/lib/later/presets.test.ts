import { describe, expect, it } from 'vitest';
import { fromField, presets, roundUp, toField } from './presets';

const at = (text: string) => new Date(text).getTime();
const named = (text: string) =>
	Object.fromEntries(presets(at(text)).map(({ preset, at }) => [preset, toField(at)]));

describe('later', () => {
	it('is counted by the calendar', () => {
		// a Wednesday
		expect(named('2026-12-09T10:02')).toEqual({
			hour: '2026-12-09T11:05',
			evening: '2026-12-09T17:00',
			tomorrow: '2026-12-10T09:00',
			monday: '2026-12-14T09:00'
		});
	});
	it('does not offer an evening that is over or nearly here', () => {
		expect(named('2026-12-09T16:45')).not.toHaveProperty('evening');
		expect(named('2026-12-09T20:00')).not.toHaveProperty('evening');
	});
	it('names a Monday that is tomorrow once, and on a Monday means the next', () => {
		expect(named('2026-12-13T10:00')).not.toHaveProperty('monday');
		expect(named('2026-12-14T10:00')['monday']).toBe('2026-12-21T09:00');
	});
	it('is always ahead', () => {
		for (let hour = 0; hour < 24 * 14; hour += 1) {
			const now = at('2026-12-01T00:30') + hour * 3_600_000;
			for (const one of presets(now)) expect(one.at).toBeGreaterThan(now);
		}
	});
});

it('a moment survives its field', () => {
	const now = roundUp(at('2026-12-09T10:02'));
	expect(fromField(toField(now))).toBe(now);
	expect(fromField('')).toBeNull();
});
