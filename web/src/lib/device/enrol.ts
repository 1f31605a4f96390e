/**
 * How this browser becomes a device of a person, and is known again when they come back.
 *
 * What must stay true: the key is kept before it is sent, so an answer that was lost costs no second code; a key that
 * the server has taken is never given up because another person signs in here.
 */
import { Problem } from '$lib/api/problem';
import type { Held, Keys } from './keys';

export interface About {
	name: string;
	kind: 'browser' | 'app' | 'desktop';
	os: string;
}

export interface Enrolling<Outcome> {
	keys: Keys;
	make(): Promise<Held>;
	/** One call; throws a `Problem`. */
	send(held: Held, about: About, code: string | null): Promise<Outcome>;
	/** This key is to be wiped before anything else. */
	wipe(held: Held): Promise<void>;
}

/** With a code, or without one where none is needed. */
export async function enrol<T>(
	parts: Enrolling<T>,
	about: About,
	code: string | null,
	login: string | null
): Promise<{ held: Held; outcome: T }> {
	const unused = (await parts.keys.all()).find((one) => one.stage !== 'enrolled' && one.wiped === null);
	let held: Held = { ...(unused ?? (await parts.make())), login, stage: 'sent' };
	for (let tries = 0; ; tries += 1) {
		await parts.keys.put(held);
		try {
			const outcome = await parts.send(held, about, code);
			held = { ...held, stage: 'enrolled' };
			await parts.keys.put(held);
			return { held, outcome };
		} catch (thrown) {
			const problem = Problem.from(thrown);
			if (problem.code === 'device.code_refused') await parts.keys.put({ ...held, stage: 'made' });
			// Wiped or refused since: it is of no use any more.
			const useless = problem.code === 'device.proof_refused';
			if (useless) await parts.keys.drop(held.device);
			// Somebody else's, whose answer was lost, stays theirs.
			if (tries > 0 || !(useless || problem.code === 'device.taken')) throw problem;
			held = { ...(await parts.make()), login, stage: 'sent' };
		}
	}
}

/** With a key that this browser holds already, and no code. `null`: it holds none of this person's. */
export async function known<T>(
	parts: Enrolling<T>,
	about: About,
	login: string | null
): Promise<{ held: Held; outcome: T } | null> {
	const sent = (await parts.keys.all()).filter((one) => one.stage !== 'made' && one.wiped === null);
	sent.sort((a, b) => Number(b.login === login) - Number(a.login === login));
	for (const held of sent) {
		try {
			const outcome = await parts.send(held, about, null);
			const enrolled: Held = { ...held, login: login ?? held.login, stage: 'enrolled' };
			await parts.keys.put(enrolled);
			return { held: enrolled, outcome };
		} catch (thrown) {
			const problem = Problem.from(thrown);
			if (problem.code === 'device.wipe') await parts.wipe(held);
			else if (problem.code === 'device.code_refused') await parts.keys.put({ ...held, stage: 'made' });
			else if (problem.code === 'device.proof_refused') await parts.keys.drop(held.device);
			else if (problem.code !== 'device.taken') throw problem;
		}
	}
	return null;
}
