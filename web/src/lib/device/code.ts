/** A device's code as people type it, read generously. Pure; the server reads it once more. */

/** Signs of a code; in two groups of four. */
export const SIGNS = 8;

/** Upper-case letters and digits only, at most eight: hyphens, spaces, wide forms and small letters are taken. */
export function plainCode(typed: string): string {
	return typed
		.normalize('NFKC')
		.toUpperCase()
		.replace(/[^0-9A-Z]/g, '')
		.slice(0, SIGNS);
}

/** As it stands on paper: `K7MQ-3FXH`. */
export const written = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`;

/** What a camera has read: the address of the page that enrols, or the code alone. `null`: something else. */
export function codeIn(scanned: string): string | null {
	const told = /\/enrol#(.+)$/.exec(scanned)?.[1] ?? scanned;
	if (/[^0-9A-Za-z\-–\s]/.test(told)) return null;
	const code = plainCode(told);
	return code.length === SIGNS &&
		plainCode(`${told}X`) === code &&
		told.replace(/[-–\s]/g, '').length === SIGNS
		? code
		: null;
}
