/**
 * This browser as a device before its person is in: enrols, is known again, and hears what was ordered while it was away.
 *
 * What must stay true: nothing here is fetched by a page of somebody who is in.
 */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { Outcome } from '$lib/factors/calls';
import { newId } from '$lib/live/uuid';
import * as enrolling from './enrol';
import { began, current, keys, note, tend, wipe } from './engine';
import { noteKey, type Why } from './hand';
import { plainLogin, type Held } from './keys';
import { makeKeys, prove, publicKey, type Proof } from './proof';
import { standing } from './standing';

/** For a password: this browser's key of whoever signs in by this name. */
export async function signInProof(login: string): Promise<Proof | null> {
	const name = plainLogin(login);
	const theirs = (await keys.all()).find(
		(one) => one.login === name && one.stage === 'enrolled' && one.wiped === null
	);
	return theirs ? { device: theirs.device, ...(await prove(theirs, 'sign-in')) } : null;
}

const parts: enrolling.Enrolling<Outcome> = {
	keys,
	make: async () => ({
		device: newId(),
		login: null,
		keys: await makeKeys(),
		stage: 'made',
		session: null,
		renewed: 0,
		wiped: null
	}),
	send: async (held, about, code) => {
		noteKey(true);
		const key = await publicKey(held.keys);
		const once = async () => {
			const signed = await prove(held, 'enrol');
			const body = { id: held.device, ...(code && { code }), ...about, key, ...signed };
			return answer<Outcome>(api.POST('/api/v1/session/device', { body }));
		};
		return once().catch((thrown) => {
			if (Problem.from(thrown).code !== 'device.proof_refused') throw thrown;
			return once();
		});
	},
	wipe: (held) => wipe(held)
};

async function bound(done: { held: Held; outcome: Outcome } | null): Promise<Outcome | null> {
	await note();
	if (!done) return null;
	await began(done.outcome.session, done.held.device);
	tend();
	return done.outcome;
}

/** This browser becomes a device of whoever is on the way in. Throws a `Problem`. */
export async function enrol(
	about: enrolling.About,
	code: string | null,
	login: string | null
): Promise<Outcome> {
	return (await bound(await enrolling.enrol(parts, about, code, login && plainLogin(login)))) as Outcome;
}

/** As a device that it has been before. `null`: it has not. */
export async function known(about: enrolling.About, login: string | null): Promise<Outcome | null> {
	if ((await keys.all()).length === 0) return null;
	return bound(await enrolling.known(parts, about, login && plainLogin(login)));
}

/**
 * At the door: what was wiped and could not be told is told now, and a key whose session is long gone asks what is to
 * become of it. Gives why the reader stands here, when that is the reason.
 */
export async function look(): Promise<Why | null> {
	let why: Why | null = null;
	for (const held of await keys.all()) {
		try {
			if (held.wiped !== null) {
				await wipe(held);
				continue;
			}
			if (held.stage === 'made' || held.session) continue;
			const said = await standing(held);
			if (said?.wipe) {
				await wipe(held);
				why = 'wiped';
			} else if (said?.state === 'locked') why ??= 'locked';
		} catch {
			// No line: the next start asks again.
		}
	}
	await note();
	return why;
}

/** While the app is locked nobody else asks: whether this device is to be wiped, or is locked by somebody's order. */
export async function heed(): Promise<Why | null> {
	const held = await current().catch(() => null);
	if (!held) return null;
	const said = await standing(held).catch(() => null);
	if (said?.wipe) await wipe(held);
	return said?.wipe ? 'wiped' : said?.state === 'locked' ? 'locked' : null;
}

/** The device of a sign-in was told to wipe itself: done, and the sign-in may go on without it. */
export async function wipeFor(device: string): Promise<void> {
	const held = (await keys.all()).find((one) => one.device === device);
	if (held) await wipe(held);
}
