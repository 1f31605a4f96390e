/**
 * Another token for the session before its own ends, with this browser's key.
 *
 * What must stay true: over all tabs one renewal is under way at a time, and one is enough for all who wait for it; no
 * answer, or one that says nothing about the session, ends nothing.
 */
import type { Held } from './keys';
import type { Said } from './proof';

/**
 * `none`: the session has no device · `over`: the session has ended · `unknown`: the server does not know the device ·
 * `unreachable`: nothing was learnt.
 */
export type Renewed = 'fresh' | 'none' | 'over' | 'locked' | 'wipe' | 'unknown' | 'unreachable';

export interface Around {
	/** One at a time, over all tabs. */
	exclusively<T>(act: () => Promise<T>): Promise<T>;
	now(): number;
	/** The key that the present session is bound to. */
	current(): Promise<Held | null>;
	keep(held: Held): Promise<void>;
	/** Asks for a token with a new challenge. Throws when no answer comes. */
	ask(held: Held): Promise<Said>;
}

/** Half of a token's life on the server, ms. */
export const RENEW_AFTER = 5 * 60_000;

/** Refusals that say how it stands with the session. */
const SAYS: Record<string, Renewed> = {
	'session.missing': 'over',
	'device.locked': 'locked',
	'device.wipe': 'wipe',
	'device.proof_refused': 'unknown'
};

/** `since`: when the call that was refused set out. A token given after that is fresh enough. */
export function renew(around: Around, since: number): Promise<Renewed> {
	return around.exclusively(async () => {
		const held = await around.current();
		if (!held) return 'none';
		if (held.renewed >= since && held.renewed <= around.now()) return 'fresh';
		let said: Said;
		try {
			said = await around.ask(held);
			// A challenge may have been lost with a server that was started anew.
			if (said.code === 'device.proof_refused') said = await around.ask(held);
		} catch {
			return 'unreachable';
		}
		if (said.status < 300) {
			await around.keep({ ...held, renewed: around.now() });
			return 'fresh';
		}
		const outcome = SAYS[said.code] ?? 'unreachable';
		if (outcome !== 'unreachable') await around.keep({ ...held, session: null });
		return outcome;
	});
}

/** Whether it is time: half the life is over, or the clock was set back meanwhile. */
export function isDue(held: Pick<Held, 'renewed'>, now: number): boolean {
	const age = now - held.renewed;
	return age >= RENEW_AFTER || age < 0;
}
