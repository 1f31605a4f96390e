/** A small number that is always the same for the same id: for tones and tilts, nothing that must be secret. FNV-1a. */
export function hash(text: string): number {
	let value = 0x811c9dc5;
	for (let at = 0; at < text.length; at++) {
		value ^= text.charCodeAt(at);
		value = Math.imul(value, 0x01000193);
	}
	return value >>> 0;
}

/** The first thing one sees of a name: a whole emoji, a letter with its marks, never half of either. */
export function initial(name: string): string {
	const text = name.trim();
	if (!text) return '';
	if (typeof Intl.Segmenter === 'function') {
		for (const part of new Intl.Segmenter().segment(text)) return part.segment;
	}
	return [...text][0] ?? '';
}
