import { describe, expect, it } from 'vitest';
import { begin, choose, filterAt, quoted } from './query';

const at = (text: string) => filterAt(text.replace('|', ''), text.indexOf('|'));

describe('the filter under the caret', () => {
	it('is found in either language, whatever the width of its colon', () => {
		expect(at('納品 from:乙|')).toMatchObject({ filter: 'from', value: '乙' });
		expect(at('差出人：乙|')).toMatchObject({ filter: 'from', value: '乙' });
		expect(at('FROM:|')).toMatchObject({ filter: 'from', value: '' });
		expect(at('部屋:売|場 納品')).toMatchObject({ filter: 'in', value: '売', to: 5 });
	});
	it('goes on over the blanks of a quoted value', () => {
		expect(at('from:"乙川 次|')).toMatchObject({ filter: 'from', value: '乙川 次' });
		expect(at('in:"本店 売場" 納|')).toBeNull();
	});
	it('is none in a plain word', () => {
		expect(at('会議|')).toBeNull();
		expect(at('from:乙川　会議|')).toBeNull();
		expect(at('|')).toBeNull();
	});
});

describe('choosing a value', () => {
	it('puts it in place of what was begun and leaves the rest', () => {
		const text = 'from:乙 納品';
		const asked = filterAt(text, 6)!;
		expect(choose(text, asked, '乙川 次郎')).toEqual({ text: 'from:"乙川 次郎" 納品', caret: 13 });
	});
	it('reads back as the same filter and value', () => {
		for (const value of ['乙川', '乙川 次郎', '本店　売場', 'a"b c']) {
			const text = `from:${quoted(value)}`;
			const end = text.endsWith('"') ? text.length - 1 : text.length;
			expect(filterAt(text, end)?.value).toBe(value.replace(/"/g, ''));
		}
	});
	it('begins a filter behind a blank', () => {
		expect(begin('納品', 'in')).toEqual({ text: '納品 in:', caret: 6 });
		expect(begin('', 'has')).toEqual({ text: 'has:', caret: 4 });
	});
});
