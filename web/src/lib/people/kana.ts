/**
 * Kana for finding people: rows of the syllabary (あかさたな), and a folding under which おつかわ, ｵﾂｶﾜ and オツカワ are one.
 * Pure.
 */

/** Head of each row of the syllabary; everything that has no kana stands under 他. */
export const ROWS = ['あ', 'か', 'さ', 'た', 'な', 'は', 'ま', 'や', 'ら', 'わ'] as const;
export type Row = (typeof ROWS)[number] | '他';

/** First kana of each row after あ, in code point order of unmarked hiragana. */
const STARTS: readonly [string, (typeof ROWS)[number]][] = [
	['わ', 'わ'],
	['ら', 'ら'],
	['や', 'や'],
	['ま', 'ま'],
	['は', 'は'],
	['な', 'な'],
	['た', 'た'],
	['さ', 'さ'],
	['か', 'か'],
	['あ', 'あ']
];

/** Katakana (any width) to hiragana; everything else stays. */
export function hiragana(text: string): string {
	return text
		.normalize('NFKC')
		.replace(/[ァ-ヶ]/gu, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60));
}

/** Folds width, case, katakana and spaces, so that what is typed meets what is stored. */
export function fold(text: string): string {
	return hiragana(text)
		.toLowerCase()
		.replace(/[\s・･]/gu, '');
}

/** The row a reading belongs to: がくと → か, ぱ → は, Smith → 他. */
export function rowOf(kana: string): Row {
	// Voicing marks stand apart after NFD: が → か + ゛.
	const first = [...hiragana(kana).normalize('NFD')][0];
	if (!first || first < 'ぁ' || first > 'ん') return '他';
	const large = first === 'ぁ' ? 'あ' : first;
	for (const [start, row] of STARTS) {
		// Small や行 (ゃ) and わ (ゎ) stand one before their large ones.
		if (large >= start || (start === 'や' && large >= 'ゃ') || (start === 'わ' && large >= 'ゎ')) return row;
	}
	return 'あ';
}

/** Order of a Japanese register: by reading, then by name. */
export function byKana(
	a: { family_kana: string; given_kana: string; display_name: string },
	b: { family_kana: string; given_kana: string; display_name: string }
): number {
	return (
		collator.compare(hiragana(a.family_kana), hiragana(b.family_kana)) ||
		collator.compare(hiragana(a.given_kana), hiragana(b.given_kana)) ||
		collator.compare(a.display_name, b.display_name)
	);
}

const collator = new Intl.Collator('ja');
