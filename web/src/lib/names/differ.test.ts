import { describe, expect, it } from 'vitest';
import { differ, scriptOf } from './differ';

const marked = (mine: string, theirs: string) => {
	const found = differ(mine, theirs);
	const show = (letters: typeof found.mine) =>
		letters.map((one) => (one.differs ? `[${one.text}]` : one.text)).join('');
	return [show(found.mine), show(found.theirs)];
};

// R9: seen side by side
describe('two names that look alike', () => {
	it('are marked where they differ', () => {
		expect(marked('エ藤 一', '工藤 一')).toEqual(['[エ]藤 一', '[工]藤 一']);
		expect(marked('高橋一', '高橋 一')).toEqual(['高橋一', '高橋[ ]一']);
		expect(marked('аdmin', 'admin')).toEqual(['[а]dmin', '[a]dmin']);
		expect(marked('乙川 二葉', '乙川 二葉')).toEqual(['乙川 二葉', '乙川 二葉']);
		expect(marked('', '乙')).toEqual(['', '[乙]']);
	});

	it('are told apart in pairs', () => {
		expect(differ('ロ田エ', '口田工').pairs).toEqual([
			{ mine: 'ロ', theirs: '口' },
			{ mine: 'エ', theirs: '工' }
		]);
	});

	it('keep letters of several code points whole', () => {
		expect(differ('が', 'か').mine).toEqual([{ text: 'が', differs: true }]);
	});

	it('are named by their script', () => {
		expect(['エ', '工', 'え', 'a', 'а', 'α', '1', '（', ''].map(scriptOf)).toEqual([
			'katakana',
			'kanji',
			'hiragana',
			'latin',
			'cyrillic',
			'greek',
			'digit',
			'mark',
			'none'
		]);
	});
});
