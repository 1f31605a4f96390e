/** Sizes as people read them: 1 MB is 1,048,576 bytes, as the file manager on most desks counts, and as the server limits. */

export const MB = 1 << 20;
export const GB = 1 << 30;

/** What was typed, in `unit`s. `null`: empty. `undefined`: not a number above zero. */
export function typed(text: string, unit: number): number | null | undefined {
	const plain = text.normalize('NFKC').trim().replace(/,/g, '');
	if (plain === '') return null;
	const number = Number(plain);
	return Number.isFinite(number) && number > 0 ? Math.round(number * unit) : undefined;
}
