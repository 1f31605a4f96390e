/** What is asked of the server about second factors, and about a session that is not complete yet. */
import { answer, api } from '$lib/api/client';
import type { components } from '$lib/api/schema';
import type { Me } from '$lib/api/types';

type Schemas = components['schemas'];
/** What still stands between a person and the app. */
export type Needs = Schemas['Needs'];
/** What a person can show as a second factor. */
export type Way = Schemas['Way'];
export type Standing = Schemas['Standing'];
export type Outcome = Me | Standing;
export type Factors = Schemas['Factors'];
export type Passkey = Schemas['Passkey'];
export type TotpOffer = Schemas['TotpOffer'];
/** What a new factor brought: codes shown once, and the person when nothing more is needed. */
export type Enrolled = Schemas['TotpConfirmed'];
export type Proof = { password: string } | { totp: string } | { challenge: string; credential: Credential };
/** As the browser gave it: only the server reads it. */
export type Credential = Schemas['PasskeyShown']['credential'];

export const isStanding = (outcome: Outcome): outcome is Standing => 'ways' in outcome;

export const standing = () => answer(api.GET('/api/v1/session/standing'));
export const factor = (body: { totp: string } | { recovery: string } | { reset: string }): Promise<Outcome> =>
	answer<Outcome>(api.POST('/api/v1/session/factor', { body }));
export const passkeyChallenge = () => answer(api.POST('/api/v1/session/passkey/challenge', { body: {} }));
export const passkeySignIn = (challenge: string, credential: Credential): Promise<Outcome> =>
	answer<Outcome>(api.POST('/api/v1/session/passkey', { body: { challenge, credential } }));
export const proof = (body: Proof) => answer(api.POST('/api/v1/session/proof', { body }));

export const factors = () => answer(api.GET('/api/v1/me/factors'));
export const offerTotp = () => answer(api.POST('/api/v1/me/totp'));
export const confirmTotp = (code: string) => answer(api.PUT('/api/v1/me/totp', { body: { code } }));
export const removeTotp = () => answer(api.DELETE('/api/v1/me/totp'));
export const newPasskeyChallenge = () => answer(api.POST('/api/v1/me/passkeys/challenge'));
export const addPasskey = (challenge: string, credential: Credential, name: string) =>
	answer(api.POST('/api/v1/me/passkeys', { body: { challenge, credential, name } }));
export const renamePasskey = (id: string, name: string) =>
	answer(api.PUT('/api/v1/me/passkeys/{id}', { params: { path: { id } }, body: { name } }));
export const removePasskey = (id: string) =>
	answer(api.DELETE('/api/v1/me/passkeys/{id}', { params: { path: { id } } }));

export const resetFactors = (id: string) =>
	answer(api.POST('/api/v1/members/{id}/factor-reset', { params: { path: { id } } }));
export const withdrawReset = (id: string) =>
	answer(api.DELETE('/api/v1/members/{id}/factor-reset', { params: { path: { id } } }));
