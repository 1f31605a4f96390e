import { expect, test } from 'vitest';
import { digits, grouped } from './digits';
import { bytes, text } from './passkey';

test.each([
	['409', '409'],
	['409 112', '409112'],
	['４０９１１２', '409112'],
	['code: 409-112', '409112'],
	['4091123', '409112'],
	['', '']
])('%j is read as %j', (typed, read) => {
	expect(digits(typed)).toBe(read);
});

test('a secret is typed in groups of four', () => {
	expect(grouped('JBSWY3DPEHPK3PXP')).toEqual(['JBSW', 'Y3DP', 'EHPK', '3PXP']);
	expect(grouped('')).toEqual([]);
});

test('base64url goes there and back, without padding', () => {
	for (let length = 0; length < 9; length += 1) {
		const raw = Uint8Array.from({ length }, (_, i) => 255 - i * 3);
		const written = text(raw.buffer);
		expect(written).not.toMatch(/[+/=]/);
		expect([...bytes(written)]).toEqual([...raw]);
	}
});
