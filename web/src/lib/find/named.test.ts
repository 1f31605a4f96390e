import { expect, it } from 'vitest';
import { named } from './named';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

it('puts names in place of mentions and moves the marks behind them', () => {
	const text = `@{${ID}} 納品を @{all} 確認`;
	const marks = [
		[text.indexOf('納品'), 2],
		[text.indexOf('確認'), 2]
	];
	const shown = named(text, marks, (id) => (id === 'all' ? '@全員' : '@乙川'));
	expect(shown.text).toBe('@乙川 納品を @全員 確認');
	expect(shown.marks.map(([at = 0, length = 0]) => shown.text.slice(at, at + length))).toEqual([
		'納品',
		'確認'
	]);
});

it('drops a mark that lay on an id', () => {
	expect(named(`@{${ID}}`, [[3, 4]], () => '@乙川')).toEqual({ text: '@乙川', marks: [] });
});

it('leaves a text without mentions alone', () => {
	expect(named('会議', [[0, 2]], () => '')).toEqual({ text: '会議', marks: [[0, 2]] });
});
