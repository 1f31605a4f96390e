/**
 * Sealing and opening with AES-256-GCM (NIST SP 800-38D).
 *
 * What must stay true: a sealed thing opens only at the place it was sealed for, so that nothing
 * can be moved from one room to another, and only whole.
 */

export interface Sealed {
	/** 96 random bits, never used twice with one key. */
	iv: Uint8Array<ArrayBuffer>;
	data: ArrayBuffer;
}

const place = (first: string, second: string | number) => new TextEncoder().encode(`${first}\n${second}`);

/** The key as the server gave it, in a form that no script can read back. */
export async function keyFrom(base64: string): Promise<CryptoKey> {
	const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
	return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

export async function seal(
	key: CryptoKey,
	[first, second]: readonly [string, string | number],
	bytes: BufferSource
): Promise<Sealed> {
	const iv = crypto.getRandomValues(new Uint8Array(12));
	const additionalData = place(first, second);
	return { iv, data: await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, bytes) };
}

/** `null`: sealed with another key, for another place, or damaged. */
export async function open(
	key: CryptoKey,
	[first, second]: readonly [string, string | number],
	sealed: unknown
): Promise<ArrayBuffer | null> {
	const { iv, data } = (sealed ?? {}) as Partial<Sealed>;
	if (!iv || !data) return null;
	try {
		const additionalData = place(first, second);
		return await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, data);
	} catch {
		return null;
	}
}
