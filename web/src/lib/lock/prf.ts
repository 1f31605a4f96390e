/**
 * A passkey as a second way to open the lock: not by its signature, which only a server can look at, but by what it makes
 * of a salt and nobody else can (Web Authentication Level 3, §10.1.4 `prf`). It works without a line.
 *
 * What must stay true: the answer is never kept, and no answer is taken that was given without knowing its owner.
 */
import { Problem } from '$lib/api/problem';
import { passkeyChallenge } from '$lib/factors/calls';
import { allowed, bytes, text } from '$lib/factors/passkey';
import { m } from '$lib/paraglide/messages';
import { newSalt } from './secret';

interface Asked {
	/** base64url */
	id: string;
	rp: string;
	salt: Uint8Array<ArrayBuffer>;
}

type Prf = { prf?: { results?: { first?: ArrayBuffer | Uint8Array } } };

async function evaluate(
	rp: string | undefined,
	ids: readonly string[],
	salt: Uint8Array<ArrayBuffer>
): Promise<{ id: string; answer: BufferSource }> {
	let credential: PublicKeyCredential | null;
	try {
		credential = (await navigator.credentials.get({
			publicKey: {
				// Nobody looks at the signature: the answer itself is the proof.
				challenge: crypto.getRandomValues(new Uint8Array(32)),
				rpId: rp,
				allowCredentials: ids.map((id) => ({ type: 'public-key', id: bytes(id) })),
				userVerification: 'required',
				extensions: { prf: { eval: { first: salt } } } as AuthenticationExtensionsClientInputs
			}
		})) as PublicKeyCredential | null;
	} catch (thrown) {
		throw Problem.browser('passkey.cancelled', m.passkey_cancelled, thrown);
	}
	const { prf } = (credential?.getClientExtensionResults() ?? {}) as Prf;
	if (!credential || !prf?.results?.first) throw Problem.browser('lock.passkey', m.lock_passkey_unable);
	return { id: text(credential.rawId), answer: prf.results.first as BufferSource };
}

/** One of this member's passkeys, with a salt for this lock alone. Throws a `Problem`. */
export async function enrol(): Promise<Asked & { answer: BufferSource }> {
	const { options } = await passkeyChallenge();
	const { rpId, ids } = allowed(options);
	if (ids.length === 0) throw Problem.browser('lock.no_passkey', m.lock_passkey_none);
	const salt = newSalt();
	const { id, answer } = await evaluate(rpId, ids, salt);
	return { id, rp: rpId ?? location.hostname, salt, answer };
}

export const ask = async ({ id, rp, salt }: Asked): Promise<BufferSource> =>
	(await evaluate(rp, [id], salt)).answer;
