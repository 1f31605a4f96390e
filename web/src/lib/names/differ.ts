/**
 * In which letters two names differ that look alike. Pure.
 *
 * What must stay true: what is shown of a name is the name itself, letter by letter; only the marking is added.
 */
export type Letter = { text: string; differs: boolean };
export type Script =
	'kanji' | 'katakana' | 'hiragana' | 'latin' | 'cyrillic' | 'greek' | 'digit' | 'mark' | 'none';
export type Pair = { mine: string; theirs: string };
export type Difference = { mine: Letter[]; theirs: Letter[]; pairs: Pair[] };

const letters = (name: string): string[] =>
	[...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name)].map((one) => one.segment);

/** The longest run of letters that both have in order; what is outside it differs. Names are short: 60 × 60 at most. */
export function differ(mine: string, theirs: string): Difference {
	const [a, b] = [letters(mine), letters(theirs)];
	const best = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
	const at = (i: number, j: number) => best[i]?.[j] ?? 0;
	for (let i = a.length - 1; i >= 0; i--)
		for (let j = b.length - 1; j >= 0; j--)
			best[i]![j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
	const found: Difference = { mine: [], theirs: [], pairs: [] };
	let gap: Pair = { mine: '', theirs: '' };
	const close = () => {
		if (gap.mine || gap.theirs) found.pairs.push(gap);
		gap = { mine: '', theirs: '' };
	};
	for (let i = 0, j = 0; i < a.length || j < b.length;) {
		const [x, y] = [a[i], b[j]];
		if (x !== undefined && x === y) {
			close();
			found.mine.push({ text: x, differs: false });
			found.theirs.push({ text: y, differs: false });
			i++;
			j++;
		} else if (x !== undefined && (y === undefined || at(i + 1, j) >= at(i, j + 1))) {
			found.mine.push({ text: x, differs: true });
			gap.mine += x;
			i++;
		} else if (y !== undefined) {
			found.theirs.push({ text: y, differs: true });
			gap.theirs += y;
			j++;
		}
	}
	close();
	return found;
}

const SCRIPTS: readonly [Script, RegExp][] = [
	['kanji', /^[\p{Script=Han}々〆]/u],
	['katakana', /^[\p{Script=Katakana}ー]/u],
	['hiragana', /^\p{Script=Hiragana}/u],
	['latin', /^\p{Script=Latin}/u],
	['cyrillic', /^\p{Script=Cyrillic}/u],
	['greek', /^\p{Script=Greek}/u],
	['digit', /^\p{Nd}/u]
];

/** Of which script a run of letters begins to be; `none` when there is none. */
export function scriptOf(text: string): Script {
	if (!text) return 'none';
	return SCRIPTS.find(([, looks]) => looks.test(text))?.[0] ?? 'mark';
}
