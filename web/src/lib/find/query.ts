/**
 * The words of a search while they are being typed: which filter the caret stands in, and what choosing an offered
 * value makes of the text.
 *
 * What must stay true: what is put in reads back as the same filter on the server; a value with a blank is quoted.
 */

export type FilterName = 'from' | 'in' | 'before' | 'after' | 'has' | 'label';

/** Each filter with every way to write it; the first Japanese one is what completion puts in for Japanese readers. */
const SPELLINGS: Record<FilterName, readonly string[]> = {
	from: ['from:', '差出人:'],
	in: ['in:', '部屋:'],
	before: ['before:', 'より前:'],
	after: ['after:', 'より後:'],
	has: ['has:'],
	label: ['label:', 'ラベル:']
};

export const FILTERS = Object.keys(SPELLINGS) as FilterName[];

/** A filter whose value the caret stands in. */
export interface Asked {
	filter: FilterName;
	/** What of the value is written so far, without its quote. */
	value: string;
	/** Where the value (with its quote) begins and ends in the text. */
	from: number;
	to: number;
}

/** Blanks that part words: also the ideographic one. */
const BLANK = /[\s\u3000]/;

/** The filter under the caret, or `null` when it stands in a plain word. Full-width colons count as colons. */
export function filterAt(text: string, caret: number): Asked | null {
	const start = wordStart(text, caret);
	const word = text.slice(start, caret).replace('：', ':');
	for (const filter of FILTERS)
		for (const spelling of SPELLINGS[filter])
			if (word.toLowerCase().startsWith(spelling)) {
				const from = start + spelling.length;
				const value = text.slice(from, caret).replace(/^["“”]/, '');
				return { filter, value, from, to: wordEnd(text, caret) };
			}
	return null;
}

/** Where the word at `caret` begins; a quoted value with blanks is part of its word. */
function wordStart(text: string, caret: number): number {
	let quoted = false;
	let start = 0;
	for (let at = 0; at < caret; at += 1) {
		const sign = text[at] ?? '';
		if (/["“”]/.test(sign)) quoted = !quoted;
		else if (!quoted && BLANK.test(sign)) start = at + 1;
	}
	return start;
}

function wordEnd(text: string, caret: number): number {
	let at = caret;
	while (at < text.length && !BLANK.test(text[at] ?? '')) at += 1;
	return at;
}

/** As it is written in a query: quoted when it would otherwise fall apart. */
export function quoted(value: string): string {
	const clean = value.replace(/["“”]/g, '');
	return BLANK.test(clean) || clean === '' ? `"${clean}"` : clean;
}

/** The text with the value chosen, and where the caret then stands: behind a blank, ready for the next word. */
export function choose(text: string, asked: Asked, value: string): { text: string; caret: number } {
	const before = text.slice(0, asked.from) + quoted(value);
	const rest = text.slice(asked.to).replace(/^[\s\u3000]+/, '');
	return { text: `${before} ${rest}`, caret: before.length + 1 };
}

/** The text with a filter begun at its end, ready for its value. */
export function begin(text: string, filter: FilterName): { text: string; caret: number } {
	const gap = text === '' || BLANK.test(text.at(-1) ?? '') ? '' : ' ';
	const begun = `${text}${gap}${filter}:`;
	return { text: begun, caret: begun.length };
}
