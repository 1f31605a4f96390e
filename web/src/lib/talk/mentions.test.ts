import { describe, expect, it } from 'vitest';
import { asked, fromWire, put, toWire } from './mentions';

const A = '0199a3c1-7d2e-7abc-8def-001122334455';
const B = '0199a3c1-7d2e-7abc-8def-001122334466';

describe('asked', () => {
	it.each([
		['@', ''],
		['@おつ', 'おつ'],
		['＠おつ', 'おつ'],
		['これは@乙', '乙'],
		['一行目\n@k', 'k']
	])('%s asks for "%s"', (text, query) => expect(asked(text, text.length)?.query).toBe(query));
	it.each(['a@example', '@乙川 です', 'なにも', '@{', '@' + 'あ'.repeat(30)])('%s asks for nobody', (text) =>
		expect(asked(text, text.length)).toBeNull()
	);
	it('looks only before the caret', () => expect(asked('@お　のあと', 2)).toEqual({ from: 0, query: 'お' }));
});

describe('put', () => {
	it('puts the name where it was asked for', () =>
		expect(put('前@おつ後', 4, { from: 1, query: 'おつ' }, '乙川 一二三')).toEqual({
			text: '前@乙川 一二三 後',
			caret: 9
		}));
});

describe('on the wire', () => {
	const picked = new Map([
		['佐藤', A],
		['佐藤 春子', B],
		['甲野（店長）', A]
	]);
	it('carries ids for names that were chosen, the longest first', () =>
		expect(toWire('@佐藤 春子 と @佐藤 と @丙山', picked)).toBe(`@{${B}} と @{${A}} と @丙山`));
	it('takes signs in a name as signs', () => expect(toWire('@甲野（店長）へ', picked)).toBe(`@{${A}}へ`));
	it('reads back as it was written', () => {
		const names: Record<string, string> = { [A]: '佐藤', [B]: '佐藤 春子', all: '全員' };
		const back = fromWire(`@{${B}} と @{all}`, (member) => names[member] ?? '');
		expect(back.text).toBe('@佐藤 春子 と @全員');
		expect(toWire(back.text, back.picked)).toBe(`@{${B}} と @{all}`);
	});
});
