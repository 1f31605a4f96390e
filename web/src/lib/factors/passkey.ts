/**
 * Passkeys in the browser (Web Authentication Level 3): from the server's JSON to the browser's call and back. What
 * the browser or its owner declines becomes a `Problem` with words; nothing here decides whether a passkey is good.
 */
import { Problem } from '$lib/api/problem';
import { m } from '$lib/paraglide/messages';
import type { Credential as CredentialJson } from './calls';

type Descriptor = { type: 'public-key'; id: string; transports?: AuthenticatorTransport[] };
type Wire<T, Binary extends keyof T> = Omit<T, Binary> & { challenge: string };
export type RequestJson = Wire<PublicKeyCredentialRequestOptions, 'challenge' | 'allowCredentials'> & {
	allowCredentials?: Descriptor[];
};
export type CreationJson = Wire<
	PublicKeyCredentialCreationOptions,
	'challenge' | 'user' | 'excludeCredentials'
> & { user: { id: string; name: string; displayName: string }; excludeCredentials?: Descriptor[] };

/** Whether this browser can make and show passkeys here. */
export const possible = (): boolean => typeof PublicKeyCredential === 'function' && isSecureContext;

/** Whether the browser offers passkeys among what it fills in by itself. */
export async function fillsIn(): Promise<boolean> {
	if (!possible()) return false;
	return (await PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false)) ?? false;
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
	const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
	return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

export function text(buffer: ArrayBuffer): string {
	const plain = String.fromCharCode(...new Uint8Array(buffer));
	return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

const known = (list: Descriptor[] | undefined) => list?.map((one) => ({ ...one, id: bytes(one.id) }));

/** The options as the server's library wraps them, or bare. */
function bare<T>(options: unknown): T {
	const wrapped = options as { publicKey?: T };
	return wrapped.publicKey ?? (options as T);
}

/** Which passkeys may answer, and for which site. */
export function allowed(options: unknown): { rpId: string | undefined; ids: readonly string[] } {
	const { rpId, allowCredentials } = bare<RequestJson>(options);
	return { rpId, ids: allowCredentials?.map(({ id }) => id) ?? [] };
}

/** Shows a passkey. `quietly`: only offered beside the field, until one is chosen there. */
export async function show(
	options: unknown,
	{ quietly = false, signal }: { quietly?: boolean; signal?: AbortSignal } = {}
): Promise<CredentialJson> {
	const json = bare<RequestJson>(options);
	const credential = await asked(() =>
		navigator.credentials.get({
			publicKey: {
				...json,
				challenge: bytes(json.challenge),
				allowCredentials: known(json.allowCredentials)
			},
			...(quietly ? { mediation: 'conditional' as const } : {}),
			signal
		})
	);
	const response = credential.response as AuthenticatorAssertionResponse;
	return wire({
		...head(credential),
		response: {
			clientDataJSON: text(response.clientDataJSON),
			authenticatorData: text(response.authenticatorData),
			signature: text(response.signature),
			userHandle: response.userHandle ? text(response.userHandle) : null
		}
	});
}

/** Makes a passkey. */
export async function make(options: unknown): Promise<CredentialJson> {
	const json = bare<CreationJson>(options);
	const credential = await asked(() =>
		navigator.credentials.create({
			publicKey: {
				...json,
				challenge: bytes(json.challenge),
				user: { ...json.user, id: bytes(json.user.id) },
				excludeCredentials: known(json.excludeCredentials),
				// So that it can open an app lock too (lib/lock/prf); those that cannot do this pass over it.
				extensions: { prf: {} } as AuthenticationExtensionsClientInputs
			}
		})
	);
	const response = credential.response as AuthenticatorAttestationResponse;
	return wire({
		...head(credential),
		response: {
			clientDataJSON: text(response.clientDataJSON),
			attestationObject: text(response.attestationObject),
			transports: response.getTransports?.() ?? []
		}
	});
}

/** The server's document leaves the shape to the W3C's. */
const wire = (json: object): CredentialJson => json as CredentialJson;

const head = (credential: PublicKeyCredential) => ({
	id: credential.id,
	rawId: text(credential.rawId),
	type: credential.type,
	authenticatorAttachment: credential.authenticatorAttachment,
	clientExtensionResults: credential.getClientExtensionResults()
});

async function asked(act: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
	let credential: Credential | null;
	try {
		credential = await act();
	} catch (thrown) {
		throw refused(thrown);
	}
	if (!credential) throw Problem.browser('passkey.cancelled', m.passkey_cancelled);
	return credential as PublicKeyCredential;
}

/** Browsers name their reasons by `DOMException` (WebAuthn §5.1.3, §5.1.4). */
function refused(thrown: unknown): Problem {
	switch ((thrown as DOMException | undefined)?.name) {
		case 'InvalidStateError':
			return Problem.browser('passkey.known', m.passkey_known, thrown);
		case 'NotAllowedError':
		case 'AbortError':
			return Problem.browser('passkey.cancelled', m.passkey_cancelled, thrown);
		default:
			return Problem.browser('passkey.unusable', m.passkey_unusable, thrown);
	}
}
