/**
 * Small things this browser remembers. Storage can be refused (private windows, policy): then nothing is remembered
 * and nothing breaks.
 */
export function keep(key: string, value: string | null): void {
	try {
		if (value === null) localStorage.removeItem(`kairan.${key}`);
		else localStorage.setItem(`kairan.${key}`, value);
	} catch {
		// Remembering is a convenience; the choice still holds until the page is closed.
	}
}

export function kept(key: string): string | null {
	try {
		return localStorage.getItem(`kairan.${key}`);
	} catch {
		return null;
	}
}
