import { describe, expect, it } from 'vitest';
import { piece } from './piece';

describe('a piece of the app', () => {
	it('is asked for until it is there, less and less often', async () => {
		const waits: number[] = [];
		let tries = 0;
		const got = await piece(
			async () => {
				if ((tries += 1) < 10) throw new TypeError('Failed to fetch dynamically imported module');
				return 'here';
			},
			async (ms) => void waits.push(ms)
		);
		expect(got).toBe('here');
		expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
	});

	it('that is in reach is fetched once, without a pause', async () => {
		let tries = 0;
		await piece(
			async () => (tries += 1),
			() => Promise.reject(new Error('no pause'))
		);
		expect(tries).toBe(1);
	});
});
