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

/** What the server lent, in a form that no script can read back: the key is made of it. */
export async function shareFrom(base64: string): Promise<CryptoKey> {
	const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
	return crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey']);
}

const INFO = new TextEncoder().encode('kairan local v1');

/**
 * The key of what is kept: of the server's share alone, or of that and an app lock's secret, and then of neither by itself
 * (HKDF, RFC 5869; the secret is its salt, a key of its own to HMAC).
 */
export const keyOf = (share: CryptoKey, salt: Uint8Array<ArrayBuffer> | null): Promise<CryptoKey> =>
	crypto.subtle.deriveKey(
		{ name: 'HKDF', hash: 'SHA-256', salt: salt ?? new Uint8Array(), info: INFO },
		share,
		{ name: 'AES-GCM', length: 256 },
		false,
		['encrypt', 'decrypt']
	);

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
