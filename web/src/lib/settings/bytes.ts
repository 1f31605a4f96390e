/** Sizes as people read them: 1 MB is 1,048,576 bytes, as the file manager on most desks counts, and as the server limits. */
import { getLocale } from '$lib/paraglide/runtime';

export const MB = 1 << 20;
export const GB = 1 << 30;

/** 820 KB · 3.4 MB · 12 GB */
export function size(bytes: number): string {
	const [unit, name] = bytes >= GB ? [GB, 'GB'] : bytes >= MB ? [MB, 'MB'] : [1 << 10, 'KB'];
	const number = bytes / unit;
	return `${number.toLocaleString(getLocale(), { maximumFractionDigits: number < 10 ? 1 : 0 })} ${name}`;
}

/** What was typed, in `unit`s. `null`: empty. `undefined`: not a number above zero. */
export function typed(text: string, unit: number): number | null | undefined {
	const plain = text.normalize('NFKC').trim().replace(/,/g, '');
	if (plain === '') return null;
	const number = Number(plain);
	return Number.isFinite(number) && number > 0 ? Math.round(number * unit) : undefined;
}
