/**
 * How the server says it stands with a device, whose key is all the proof: also long after its last session (R14).
 *
 * What must stay true: nothing is erased but on the server's word, and no answer changes nothing.
 */
import type { Held, Keys } from './keys';
import { post, prove } from './proof';
import type { Wiped } from './wipe';

export interface Standing {
	state: string;
	wipe: boolean;
}

/** `null`: it does not know this key, or says nothing of it. Throws when no answer comes. */
export async function standing(held: Held, signal?: AbortSignal): Promise<Standing | null> {
	const signed = await prove(held, 'standing', signal);
	const said = await post(`/devices/${held.device}/standing`, signed, signal);
	return said.status === 200 ? (said.body as Standing) : null;
}

/**
 * `stays`: nothing is to be done · `unknown`: no answer came · `wiped`: everything is gone, and the server knows · `again`:
 * everything is gone, and the server is to be told · `left`: something would not go.
 */
export type Heeded = 'stays' | 'unknown' | 'wiped' | 'again' | 'left';

const OF: Record<Wiped, Heeded> = { told: 'wiped', untold: 'again', left: 'left' };
const WEIGHT: readonly Heeded[] = ['stays', 'unknown', 'wiped', 'again', 'left'];

/** Asks for every person of this browser, and wipes what is to be wiped. What weighs most is what it gives. */
export async function heed(
	keys: Pick<Keys, 'all'>,
	ask: (held: Held) => Promise<Pick<Standing, 'wipe'> | null>,
	wipe: (held: Held) => Promise<Wiped>
): Promise<Heeded> {
	let all: Heeded = 'stays';
	for (const held of await keys.all().catch(() => [])) {
		const one = await heedOne(held, ask, wipe).catch((): Heeded => 'unknown');
		if (WEIGHT.indexOf(one) > WEIGHT.indexOf(all)) all = one;
	}
	return all;
}

async function heedOne(
	held: Held,
	ask: (held: Held) => Promise<Pick<Standing, 'wipe'> | null>,
	wipe: (held: Held) => Promise<Wiped>
): Promise<Heeded> {
	// What was never sent nobody knows; what was wiped is only still to be told.
	if (held.stage === 'made') return 'stays';
	const told = held.wiped !== null || (await ask(held))?.wipe;
	return told ? OF[await wipe(held)] : 'stays';
}
