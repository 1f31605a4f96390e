import { expect, it } from 'vitest';
import { GB, MB, size, typed } from './bytes';

it('says sizes as people do', () => {
	expect([512, 820 * 1024, 3.4 * MB, 12 * GB].map(size)).toEqual(['0.5 KB', '820 KB', '3.4 MB', '12 GB']);
});
it('reads what was typed, full width too', () => {
	expect(typed('１．５', GB)).toBe(1.5 * GB);
	expect(typed(' 1,024 ', MB)).toBe(GB);
	expect(typed('', GB)).toBeNull();
	for (const bad of ['0', '-1', 'たくさん', '1e999']) expect(typed(bad, GB)).toBeUndefined();
});
