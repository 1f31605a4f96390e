/** How large a file is, as people say it: 820 KB, 3.9 MB. Counted in 1024s, as the desks' own windows do. */

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

export function sizeWords(bytes: number): string {
	let value = Math.max(0, bytes);
	let unit = 0;
	while (value >= 999.5 && unit < UNITS.length - 1) {
		value /= 1024;
		unit += 1;
	}
	const digits = unit >= 2 && value < 99.95 ? 1 : 0;
	return `${value.toFixed(digits).replace(/\.0$/, '')} ${UNITS[unit]}`;
}
