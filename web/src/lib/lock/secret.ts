/**
 * The lock's secret, and how a passcode opens it.
 *
 * What must stay true: the secret lies nowhere but sealed: under a key made of the passcode, slowly, and of a key of this
 * browser that no script can read, so that a record that was carried off cannot be tried out elsewhere.
 * What is read and written with it is `keyOf` of `lib/local/seal`; why it is so: docs/decisions/0012.
 */
import { open, seal, type Sealed } from '$lib/local/seal';
import { plain } from './rules';

/** PBKDF2-HMAC-SHA-256 (OWASP Password Storage Cheat Sheet, 2023). Kept with each record, so that it may grow. */
export const ITERATIONS = 600_000;

const { subtle } = globalThis.crypto ?? {};
const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const aes = (bytes: BufferSource) => subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
const hmac = (bytes: BufferSource) =>
	subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);

/** What of a passcode is kept. */
export interface Bolt {
	salt: Uint8Array<ArrayBuffer>;
	iterations: number;
	/** HMAC, of this browser alone. */
	pepper: CryptoKey;
	/** The secret. */
	sealed: Sealed;
}

/** In the memory of open pages only; with the server's share it makes the key of what is kept. */
export type Secret = Uint8Array<ArrayBuffer>;

export const newSecret = (): Secret => random(32);
export const newSalt = (): Uint8Array<ArrayBuffer> => random(32);

async function passKey(
	passcode: string,
	{ salt, iterations, pepper }: Omit<Bolt, 'sealed'>
): Promise<CryptoKey> {
	const typed = new TextEncoder().encode(plain(passcode));
	const base = await subtle.importKey('raw', typed, 'PBKDF2', false, ['deriveBits']);
	const slow = await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, base, 256);
	return aes(await subtle.sign('HMAC', pepper, slow));
}

export async function bolt(
	member: string,
	passcode: string,
	secret: Secret,
	iterations = ITERATIONS
): Promise<Bolt> {
	const parts = { salt: random(16), iterations, pepper: await hmac(random(32)) };
	return { ...parts, sealed: await seal(await passKey(passcode, parts), ['passcode', member], secret) };
}

/** `null`: another passcode, or a record that was tampered with. */
export async function unbolt(member: string, passcode: string, bolt: Bolt): Promise<Secret | null> {
	const bytes = await open(await passKey(passcode, bolt), ['passcode', member], bolt.sealed);
	return bytes && new Uint8Array(bytes);
}

/** A second way in: what a passkey answers (32 bytes that only it can make, and only for whoever it knows). */
export async function sealFor(member: string, answer: BufferSource, secret: Secret): Promise<Sealed> {
	return seal(await answerKey(answer), ['passkey', member], secret);
}

export async function openWith(member: string, answer: BufferSource, sealed: Sealed): Promise<Secret | null> {
	const bytes = await open(await answerKey(answer), ['passkey', member], sealed);
	return bytes && new Uint8Array(bytes);
}

async function answerKey(answer: BufferSource): Promise<CryptoKey> {
	const base = await subtle.importKey('raw', answer, 'HKDF', false, ['deriveKey']);
	const info = new TextEncoder().encode('kairan app lock v1');
	const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info };
	return subtle.deriveKey(how, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}
