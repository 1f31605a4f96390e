import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AT_REST, fit, held, LARGEST, zoomed } from './zoom';

const stage = { width: 390, height: 700 };

describe('zoom', () => {
	it('fits a picture into the stage and never blows a small one up', () => {
		expect(fit({ width: 3900, height: 700 }, stage)).toEqual({ width: 390, height: 70 });
		expect(fit({ width: 30, height: 20 }, stage)).toEqual({ width: 30, height: 20 });
	});

	it('keeps the point under the fingers where it is', () => {
		const coordinate = fc.integer({ min: -200, max: 200 });
		fc.assert(
			fc.property(coordinate, coordinate, fc.double({ min: 1, max: 4, noNaN: true }), (x, y, factor) => {
				const next = zoomed(AT_REST, factor, { x, y });
				// The same place of the picture, before and after.
				expect((x - next.x) / next.scale).toBeCloseTo(x, 6);
				expect((y - next.y) / next.scale).toBeCloseTo(y, 6);
			})
		);
	});

	it('lets no edge in, and a picture that fits stays in the middle', () => {
		const fitted = { width: 390, height: 300 };
		expect(held({ scale: 2, x: 1000, y: 1000 }, fitted, stage)).toEqual({ scale: 2, x: 195, y: 0 });
		expect(held({ scale: 0.2, x: 9, y: 9 }, fitted, stage)).toEqual(AT_REST);
		expect(held({ scale: 99, x: 0, y: 0 }, fitted, stage).scale).toBe(LARGEST);
	});
});
