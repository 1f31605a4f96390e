/**
 * Taking everything of a person out of this browser, because the organisation or they themselves said so (R14).
 *
 * What must stay true: nothing is reported before everything is gone and that was looked at; the key goes last, and
 * only when the report has arrived, because without it nobody could report.
 */
import type { Held, Keys } from './keys';

/** `told`: the server knows · `untold`: gone, and to be told later · `left`: something would not go. */
export type Wiped = 'told' | 'untold' | 'left';

export interface Parts {
	keys: Keys;
	/** How many things of the person there are. */
	count(): Promise<number>;
	/** Ends what is under way in the page, then takes everything away. */
	erase(): Promise<void>;
	/** What is there after that, of whatever kind. */
	left(): Promise<number>;
	/** Resolves to whether the server knows; throws when no answer comes. */
	tell(held: Held, items: number): Promise<boolean>;
}

export async function wipe(held: Held, parts: Parts): Promise<Wiped> {
	if (held.wiped === null) {
		const items = await parts.count();
		await parts.erase();
		if ((await parts.left()) > 0) return 'left';
		held = { ...held, session: null, wiped: items };
		await parts.keys.put(held);
	}
	return report(held, parts);
}

/** Tells what is gone already, e.g. at the next start. */
export async function report(held: Held, parts: Pick<Parts, 'keys' | 'tell'>): Promise<Wiped> {
	try {
		if (!(await parts.tell(held, held.wiped ?? 0))) return 'untold';
	} catch {
		return 'untold';
	}
	await parts.keys.drop(held.device);
	return 'told';
}
