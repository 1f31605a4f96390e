/** What a page of a device that is wiped lets go of; the worker beside it holds nothing in memory. */
import { beside } from '$lib/app/forget';
import { local } from '$lib/local/local';
import { noteLock } from '$lib/lock/hand';
import { session } from '$lib/session/session.svelte';
import type { Held, Keys } from './keys';
import type { Wiped } from './wipe';
import { carryOut, type Here } from './wiping';

const page: Here = {
	beside,
	session: async () => session.me?.session ?? null,
	leave: async () => {
		if (session.me) await session.clear();
		await local.wipe();
		// Locks are among what goes.
		noteLock(null);
		sessionStorage.clear();
	}
};

/** Everything of this device's person goes, from this page and the browser. */
export const giveUp = (held: Held, keys: Keys): Promise<Wiped> => carryOut(held, keys, page);
