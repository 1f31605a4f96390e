import { describe, expect, it } from 'vitest';
import { findPeople, fold, foldQuery } from './kana';

const person = (family: string, given: string, familyKana: string, givenKana: string) => ({
	display_name: `${family} ${given}`,
	family_name: family,
	given_name: given,
	family_kana: familyKana,
	given_kana: givenKana,
	staff_number: null
});
const otsukawa = person('乙川', '一二三', 'おつかわ', 'ひふみ');
const oka = person('丘', '音', 'おか', 'おと');
const koda = person('甲野', '太郎', 'コウノ', 'タロウ');
const people = [koda, otsukawa, oka];

describe('fold', () => {
	it.each([
		['オツカワ', 'おつかわ'],
		['ｵﾂｶﾜ', 'おつかわ'],
		['ＡＢＣ　１２', 'abc12'],
		['ヴァイオリン', 'ゔぁいおりん'],
		['山田・太郎', '山田太郎']
	])('takes %s and %s for the same', (a, b) => expect(fold(a)).toBe(b));
	it('leaves the long vowel mark', () => expect(fold('ピーター')).toBe('ぴーたー'));
});

describe('foldQuery', () => {
	it('drops the syllable still being typed', () => expect(foldQuery('おt')).toBe('お'));
	it('keeps a Latin name', () => expect(foldQuery('Lee')).toBe('lee'));
});

describe('findPeople', () => {
	it('finds 乙川 by おつ', () => expect(findPeople(people, 'おつ')).toEqual([otsukawa]));
	it('finds by katakana and by half width', () => {
		expect(findPeople(people, 'オツ')).toEqual([otsukawa]);
		expect(findPeople(people, 'ｵﾂ')).toEqual([otsukawa]);
	});
	it('finds by kanji and by given name', () => {
		expect(findPeople(people, '甲')).toEqual([koda]);
		expect(findPeople(people, 'ひふ')).toEqual([otsukawa]);
	});
	it('puts who begins with it before who contains it, then goes by kana', () =>
		expect(findPeople(people, 'お').map((p) => p.family_name)).toEqual(['丘', '乙川']));
	it('gives everyone for nothing, within the limit', () => expect(findPeople(people, '', 2)).toHaveLength(2));
	it('gives nobody for an unknown name', () => expect(findPeople(people, '辛')).toEqual([]));
});
