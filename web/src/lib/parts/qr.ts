/** A QR code from the server's modules to one SVG path. Pure; one unit is one module. */

/** ISO/IEC 18004: four modules of nothing on every side, or a camera may not find it. */
export const QUIET = 4;

/** Runs of dark modules as rectangles one unit high, moved in by the quiet zone. */
export function qrPath(size: number, modules: string): string {
	let path = '';
	for (let y = 0; y < size; y++) {
		for (let x = 0; x < size; x++) {
			if (modules[y * size + x] !== '1') continue;
			let end = x;
			while (end < size && modules[y * size + end] === '1') end++;
			path += `M${x + QUIET} ${y + QUIET}h${end - x}v1h${x - end}z`;
			x = end;
		}
	}
	return path;
}
