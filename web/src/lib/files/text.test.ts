import { describe, expect, it } from 'vitest';
import { decoded } from './text';

const bytes = (...all: number[]) => new Uint8Array(all);

describe('text files', () => {
	it('are read as UTF-8, with or without a mark', () => {
		expect(decoded(new TextEncoder().encode('納品書'), false)).toBe('納品書');
		expect(decoded(bytes(0xef, 0xbb, 0xbf, 0x61), false)).toBe('a');
	});
	it('are read as Shift_JIS when they are not UTF-8', () => {
		expect(decoded(bytes(0x94, 0x5b, 0x95, 0x69), false)).toBe('納品');
	});
	it('are read as UTF-16 by its mark', () => {
		expect(decoded(bytes(0xff, 0xfe, 0x0d, 0x7d), false)).toBe('納');
	});
	it('stay UTF-8 when a character was cut in two', () => {
		expect(decoded(new TextEncoder().encode('納品').slice(0, 5), true)).toBe('納');
	});
});
