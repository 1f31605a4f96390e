/**
 * Signing in with a password in a browser that may be known: its key is shown with the password.
 *
 * What must stay true: a browser that the server no longer knows, or wants wiped, never keeps its person out for good.
 */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { atDoor, began, holdsKey } from '$lib/device/hand';
import type { Proof } from '$lib/device/proof';
import { isStanding, type Outcome } from '$lib/factors/calls';

export async function withPassword(login: string, password: string): Promise<Outcome> {
	const send = (device?: Proof) => {
		const body = { login, password, ...(device && { device }) };
		return answer<Outcome>(api.POST('/api/v1/session', { body }));
	};
	if (!holdsKey()) return send();
	const device = await atDoor();
	// Twice: a challenge may have been lost with a server that was started anew.
	for (let tries = 0; tries < 2; tries += 1) {
		const proof = await device.signInProof(login);
		if (!proof) break;
		try {
			const outcome = await send(proof);
			const bound = isStanding(outcome) ? outcome.device?.id : proof.device;
			await began(outcome.session, bound);
			return outcome;
		} catch (thrown) {
			const { code } = Problem.from(thrown);
			if (code === 'device.wipe') await device.wipeFor(proof.device);
			else if (code !== 'device.proof_refused') throw thrown;
		}
	}
	return send();
}
