/** A text cut at its marks. Marks that overlap, or lie outside the text, do no harm. */
export function pieces(
	text: string,
	marks: readonly (readonly number[])[]
): { text: string; hit: boolean }[] {
	const parts: { text: string; hit: boolean }[] = [];
	let at = 0;
	for (const [start = 0, length = 0] of [...marks].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))) {
		const from = Math.max(at, start);
		const to = Math.min(text.length, start + length);
		if (to <= from) continue;
		if (from > at) parts.push({ text: text.slice(at, from), hit: false });
		parts.push({ text: text.slice(from, to), hit: true });
		at = to;
	}
	if (at < text.length) parts.push({ text: text.slice(at), hit: false });
	return parts;
}
