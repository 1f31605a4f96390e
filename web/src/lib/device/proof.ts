/**
 * Signing what the server asks, so that it knows this browser again.
 *
 * What must stay true: every signature names what it is for, so that one made for a socket opens no session.
 */
import { Problem } from '$lib/api/problem';
import type { Held } from './keys';

export type Purpose = 'sign-in' | 'renew' | 'socket' | 'enrol' | 'standing' | 'wiped';
export interface Signed {
	challenge: string;
	/** r‖s, base64url. */
	signature: string;
}
export type Proof = Signed & { device: string };

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };

/** Whether this browser can hold a key: only at an address that is secure. */
export const canHold = (): boolean =>
	typeof crypto !== 'undefined' && !!crypto.subtle && typeof indexedDB !== 'undefined';

export const makeKeys = (): Promise<CryptoKeyPair> =>
	crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);

/** The public half as it goes over the wire: an uncompressed point of 65 bytes. */
export async function publicKey(keys: CryptoKeyPair): Promise<string> {
	return base64url(await crypto.subtle.exportKey('raw', keys.publicKey));
}

export async function sign(held: Held, purpose: Purpose, challenge: string): Promise<Signed> {
	const words = new TextEncoder().encode(`kairan-device-v1\n${purpose}\n${challenge}`);
	const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, held.keys.privateKey, words);
	return { challenge, signature: base64url(signature) };
}

export interface Said {
	status: number;
	/** Of a refusal; empty otherwise. */
	code: string;
	body: unknown;
}

/** One call past everything that handles refusals: what is made here is what that handling uses. */
export async function post(path: string, body?: unknown, signal?: AbortSignal): Promise<Said> {
	const response = await fetch(`/api/v1${path}`, {
		method: 'POST',
		signal,
		...(body !== undefined && {
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body)
		})
	});
	const answer: unknown = await response.json().catch(() => null);
	const code = response.ok ? '' : String((answer as { code?: unknown } | null)?.code ?? '');
	return { status: response.status, code, body: answer };
}

/** A challenge of this moment, signed. */
export async function prove(held: Held, purpose: Purpose, signal?: AbortSignal): Promise<Signed> {
	const said = await post('/session/challenge', undefined, signal);
	if (said.status !== 200) throw Problem.refused(said.status, said.body);
	return sign(held, purpose, (said.body as { challenge: string }).challenge);
}

export function base64url(buffer: ArrayBuffer): string {
	const text = String.fromCharCode(...new Uint8Array(buffer));
	return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
