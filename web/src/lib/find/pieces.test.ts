import { expect, it } from 'vitest';
import { pieces } from './pieces';

it('cuts a text at its marks, in order, and loses nothing', () => {
	expect(pieces('納品は明日', [[0, 2]])).toEqual([
		{ text: '納品', hit: true },
		{ text: 'は明日', hit: false }
	]);
	const text = '会議の会議';
	for (const marks of [
		[
			[3, 2],
			[0, 2]
		],
		[
			[0, 3],
			[2, 2]
		],
		[[-1, 3]],
		[[4, 99]],
		[]
	])
		expect(
			pieces(text, marks)
				.map((one) => one.text)
				.join('')
		).toBe(text);
	expect(
		pieces(text, [
			[3, 2],
			[0, 2]
		]).map((one) => one.hit)
	).toEqual([true, false, true]);
});
