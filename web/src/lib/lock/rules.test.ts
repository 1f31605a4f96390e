// What a passcode must be, the waits, and when it is time (the app lock of docs/decisions/0012).
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import * as rules from './rules';

test.each([
	['12345', 'short'],
	['123456', 'simple'],
	['987654', 'simple'],
	['000000', 'simple'],
	['112211', 'simple'],
	['123123', 'simple'],
	['abcdef', 'simple'],
	['x'.repeat(65), 'long'],
	['409112', null],
	['朱肉と回覧板', null],
	['correct horse', null]
])('%j is %j', (passcode, why) => {
	expect(rules.wrongWith(passcode)).toBe(why);
});

test('full-width digits are digits, and six of them open by themselves', () => {
	expect(rules.plain('４０９１１２')).toBe('409112');
	expect(rules.kindOf('409112')).toBe('six');
	expect(rules.kindOf('4091123')).toBe('digits');
	expect(rules.kindOf('409-112')).toBe('text');
});

describe('waiting', () => {
	it('grows with every wrong try from the fourth on', () => {
		const pauses = Array.from({ length: rules.TRIES - 1 }, (_, at) => rules.pauseAfter(at + 1));
		expect(pauses.slice(0, 3)).toEqual([0, 0, 0]);
		expect(pauses.slice(3)).toEqual([5, 15, 30, 60, 120, 300].map((seconds) => seconds * 1000));
	});
	it('is never longer than it was, however the clock is set', () => {
		fc.assert(
			fc.property(fc.nat(9), fc.nat(), fc.nat(), (wrong, until, now) => {
				const left = rules.waits({ wrong, until }, now);
				return left >= 0 && left <= rules.pauseAfter(wrong);
			})
		);
	});
});

describe('the time of rest', () => {
	it("is the stricter of the member's and the organisation's", () => {
		expect(rules.strictest(15, null)).toBe(15);
		fc.assert(
			fc.property(fc.nat(600), fc.nat(600), (own, demanded) => {
				const holds = rules.strictest(own, demanded);
				return holds <= own && holds <= demanded && (holds === own || holds === demanded);
			})
		);
	});
	it('is over at its end, not before, and not put off by a clock set back', () => {
		expect(rules.isDue(1_000, 1, 60_999)).toBe(false);
		expect(rules.isDue(1_000, 1, 61_000)).toBe(true);
		expect(rules.isDue(3_600_000, 5, 3_600_000 - 60_000)).toBe(false);
		expect(rules.isDue(3_600_000, 5, 0)).toBe(true);
	});
});
