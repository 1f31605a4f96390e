import { expect, test } from 'vitest';
import { fold, hiragana, rowOf } from './kana';

test.each([
	['あおい', 'あ'],
	['ぁ', 'あ'],
	['ゔぃくとる', 'あ'],
	['がくと', 'か'],
	['ササキ', 'さ'],
	['ｼﾞｮﾝ', 'さ'],
	['っ', 'た'],
	['ぱく', 'は'],
	['ゃ', 'や'],
	['ろ', 'ら'],
	['わだ', 'わ'],
	['ゎ', 'わ'],
	['を', 'わ'],
	['ん', 'わ'],
	['Smith', '他'],
	['', '他'],
	['山田', '他']
] as const)('%s stands in the row of %s', (kana, row) => {
	expect(rowOf(kana)).toBe(row);
});

test('width, kind of kana, case and spaces do not matter to a search', () => {
	expect(fold('オツカワ　フタバ')).toBe(fold('おつかわ ふたば'));
	expect(fold('ｵﾂｶﾜ')).toBe('おつかわ');
	expect(fold('ＡＢＣ')).toBe('abc');
	expect(hiragana('ガッコウ')).toBe('がっこう');
	expect(hiragana('漢字カナ')).toBe('漢字かな');
});
