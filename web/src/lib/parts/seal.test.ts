import { expect, test } from 'vitest';
import { initial } from './hash';
import { department, sealDate, shortDepartment, small, surname, tilt } from './seal';

test('the surname shrinks as it grows, and is pressed into its field at last', () => {
	expect(['林', '見本', '佐々木', '勅使河原'].map((name) => surname(name).size)).toEqual([21, 19, 16.5, 14]);
	expect(surname('アレクサンダー')).toEqual({ size: 11.5, spacing: 0, width: 62 });
	// one letter outside the basic plane is one letter
	expect(surname('𠮷田').size).toBe(19);
});

test.each([
	['駅前店', '駅前店'],
	['総務課', '総務課'],
	['みほん工務店', '工務店'],
	['みほんマート株式会社', 'マート'],
	['株式会社 青空', '青空'],
	['第一営業部', '第一営業'],
	['Sunrise', 'Sunr']
])('%s is cut to %s', (name, short) => {
	expect(shortDepartment(name)).toBe(short);
	expect([...shortDepartment(name)].length).toBeLessThanOrEqual(4);
	expect(department(short).size).toBeGreaterThan(10);
});

test('a hand keeps its slant within five degrees', () => {
	for (let at = 0; at < 200; at++) {
		const slant = tilt(`member-${at}`);
		expect(Math.abs(slant)).toBeLessThanOrEqual(5);
		expect(tilt(`member-${at}`)).toBe(slant);
	}
});

test('the date reads 26.12.07', () => {
	expect(sealDate(new Date(2026, 11, 7, 9, 0).getTime())).toBe('26.12.07');
});

test('a small seal shows one or two letters', () => {
	expect(small('佐々木')).toBe('佐々');
	expect(small('林')).toBe('林');
});

test('an initial is never half a sign', () => {
	expect(initial('👨‍👩‍👧 家族')).toBe('👨‍👩‍👧');
	expect(initial('が')).toBe('が');
	expect(initial('')).toBe('');
});
