/**
 * What is asked of the server about second factors and about a session that is not complete yet. The types stand here
 * until the server's own document names them.
 */
import { answer, api } from '$lib/api/client';
import type { components } from '$lib/api/schema';
import type { Me } from '$lib/api/types';

type Schemas = components['schemas'];
/** What still stands between a person and the app. */
export type Needs = Schemas['Needs'];
/** What a person can show as a second factor. */
export type Way = Schemas['Way'];
export type Standing = Schemas['Standing'] & { ask?: string[] };
export type Outcome = Me | Standing;

export const isStanding = (outcome: Outcome): outcome is Standing => 'ways' in outcome;

export type Passkey = { id: string; name: string; since: number; last_used: number | null };
export type Factors = {
	totp: { since: number } | null;
	passkeys: Passkey[];
	recovery_left: number;
	required: boolean;
	reset: { by: string | null; at: number; expires_at: number } | null;
	password?: { changed_at: number | null };
};
export type TotpOffer = { secret: string; uri: string; qr?: { size: number; modules: string } };
export type Enrolled = { recovery_codes: string[] | null; me: Me | null };
export type Challenge = { challenge: string; options: unknown };
export type Proof = { password: string } | { totp: string } | { challenge: string; credential: unknown };

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- until the server's document names these routes
const raw = api as any;
const send = <T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> =>
	answer<T>(raw[method](`/api/v1${path}`, body === undefined ? {} : { body }));

export const standing = () => send<Standing>('GET', '/session/standing');
export const factor = (body: { totp: string } | { recovery: string } | { reset: string }) =>
	send<Outcome>('POST', '/session/factor', body);
export const passkeyChallenge = () => send<Challenge>('POST', '/session/passkey/challenge', {});
export const passkeySignIn = (challenge: string, credential: unknown) =>
	send<Outcome>('POST', '/session/passkey', { challenge, credential });
export const proof = (body: Proof) => send<void>('POST', '/session/proof', body);

export const factors = () => send<Factors>('GET', '/me/factors');
export const offerTotp = () => send<TotpOffer>('POST', '/me/totp');
export const confirmTotp = (code: string) => send<Enrolled>('PUT', '/me/totp', { code });
export const removeTotp = () => send<void>('DELETE', '/me/totp');
export const newPasskeyChallenge = () => send<Challenge>('POST', '/me/passkeys/challenge', {});
export const addPasskey = (challenge: string, credential: unknown, name: string) =>
	send<Enrolled & { passkey: Passkey }>('POST', '/me/passkeys', { challenge, credential, name });
export const renamePasskey = (id: string, name: string) =>
	send<Passkey>('PUT', `/me/passkeys/${id}`, { name });
export const removePasskey = (id: string) => send<void>('DELETE', `/me/passkeys/${id}`);

export const resetFactors = (member: string) =>
	send<{ code: string; expires_at: number }>('POST', `/members/${member}/factor-reset`);
export const withdrawReset = (member: string) => send<void>('DELETE', `/members/${member}/factor-reset`);
