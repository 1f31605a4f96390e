/// <reference lib="webworker" />
/**
 * Whether this device is to wipe itself, asked while nobody has the app open (R14). Pages ask the same at the door.
 *
 * What must stay true: only the server's word, got with the device's own key, erases anything; where there is no key, or no
 * answer within seconds, everything stays as it was.
 */
import { LEAVE } from '$lib/app/words';
import { BrowserKeys } from '$lib/device/keys';
import { heed, standing, type Heeded } from '$lib/device/standing';
import { carryOut, type Here } from '$lib/device/wiping';
import type { Why } from '$lib/device/hand';

const worker = globalThis.self as unknown as ServiceWorkerGlobalScope;

/** The longest that a notification waits for the server's word, ms. */
const ANSWER_WITHIN = 4_000;

const here: Here = {
	beside: async () => worker.registration,
	session: async () => {
		const response = await fetch('/api/v1/session', { cache: 'no-store' });
		return response.ok ? ((await response.json()) as { session: string }).session : null;
	},
	leave: async () => {
		const channel = new BroadcastChannel(LEAVE);
		channel.postMessage('wiped' satisfies Why);
		channel.close();
	}
};

export async function obey(): Promise<Heeded> {
	const keys = new BrowserKeys();
	const heeded = await heed(
		keys,
		(held) => standing(held, AbortSignal.timeout(ANSWER_WITHIN)),
		(held) => carryOut(held, keys, here)
	);
	if (heeded !== 'wiped' && heeded !== 'stays') await later();
	return heeded;
}

type Syncing = { sync?: { register(name: string): Promise<void> } };

/** Asks the browser to wake this worker when there is a line. */
async function later(): Promise<void> {
	await (worker.registration as unknown as Syncing).sync?.register('standing').catch(() => {});
}
