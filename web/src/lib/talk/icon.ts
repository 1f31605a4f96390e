/** A room's mark is one sign as people count signs: 👨‍👩‍👧 is one. */
export function graphemes(text: string): number {
	if (typeof Intl.Segmenter !== 'function') return [...text].length;
	let count = 0;
	for (const _ of new Intl.Segmenter().segment(text)) count += 1;
	return count;
}
