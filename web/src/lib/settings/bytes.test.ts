import { expect, it } from 'vitest';
import { GB, MB, typed } from './bytes';

it('reads what was typed, full width too', () => {
	expect(typed('１．５', GB)).toBe(1.5 * GB);
	expect(typed(' 1,024 ', MB)).toBe(GB);
	expect(typed('', GB)).toBeNull();
	for (const bad of ['0', '-1', 'たくさん', '1e999']) expect(typed(bad, GB)).toBeUndefined();
});
