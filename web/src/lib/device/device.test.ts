// R13, R14, R18: the order of things between this browser's key and the server.
import { webcrypto } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '$lib/api/problem';
import { codeIn, plainCode, written } from './code';
import { enrol, known, type About, type Enrolling } from './enrol';
import type { Held, Keys } from './keys';
import { base64url, makeKeys, publicKey, sign, type Said } from './proof';
import { isDue, renew, RENEW_AFTER, type Around, type Renewed } from './renewer';
import { heed } from './standing';
import { report, wipe, type Parts, type Wiped } from './wipe';

class MemoryKeys implements Keys {
	held = new Map<string, Held>();
	all = async () => [...this.held.values()];
	put = async (held: Held) => void this.held.set(held.device, held);
	drop = async (device: string) => void this.held.delete(device);
}

const pair = await makeKeys();
const key = (more: Partial<Held> = {}): Held => ({
	device: 'a',
	login: 'kouno',
	keys: pair,
	stage: 'enrolled',
	session: 's',
	renewed: 0,
	wiped: null,
	...more
});
const refusal = (code: string, status = 401) => Problem.refused(status, { code, detail: code, status });

describe('a proof', () => {
	it('is of this key, for this purpose, and the key itself cannot be read', async () => {
		const { challenge, signature } = await sign(key(), 'renew', 'abc');
		const bytes = Buffer.from(signature, 'base64url');
		expect(bytes.length).toBe(64);
		const point = Buffer.from(await publicKey(pair), 'base64url');
		expect([point.length, point[0]]).toEqual([65, 4]);
		const verifier = await webcrypto.subtle.importKey(
			'raw',
			point,
			{ name: 'ECDSA', namedCurve: 'P-256' },
			false,
			['verify']
		);
		const good = (purpose: string) =>
			webcrypto.subtle.verify(
				{ name: 'ECDSA', hash: 'SHA-256' },
				verifier,
				bytes,
				new TextEncoder().encode(`kairan-device-v1\n${purpose}\n${challenge}`)
			);
		expect(await good('renew')).toBe(true);
		expect(await good('socket')).toBe(false);
		await expect(crypto.subtle.exportKey('pkcs8', pair.privateKey)).rejects.toThrow();
		expect(base64url(new Uint8Array([255, 254]).buffer)).toBe('__4');
	});
});

describe('a renewal', () => {
	let held: Held | null;
	let now: number;
	let answers: (Partial<Said> | Error)[];
	let asked: number;
	let most: number;
	let under: number;
	let line: Promise<unknown>;

	const around: Around = {
		exclusively: (act) => {
			const next = line.then(act, act);
			line = next.catch(() => {});
			return next;
		},
		now: () => now,
		current: async () => held,
		keep: async (kept) => void (held = kept.session ? kept : null),
		ask: async () => {
			asked += 1;
			under += 1;
			most = Math.max(most, under);
			await new Promise((tick) => setTimeout(tick, 1));
			under -= 1;
			const next = answers.shift() ?? { status: 204, code: '' };
			if (next instanceof Error) throw next;
			return { status: 401, code: '', body: null, ...next };
		}
	};

	beforeEach(() => {
		held = key();
		now = 1000;
		answers = [];
		asked = most = under = 0;
		line = Promise.resolve();
	});

	it('is made once for all who wait for it', async () => {
		const outcomes = await Promise.all([renew(around, 900), renew(around, 950), renew(around, 1000)]);
		expect(outcomes).toEqual(['fresh', 'fresh', 'fresh']);
		expect([asked, most]).toEqual([1, 1]);
		now = 2000;
		expect(await renew(around, 1500)).toBe('fresh');
		expect(asked).toBe(2);
	});

	it('is not taken for made when the clock was set back', async () => {
		held = key({ renewed: 90_000 });
		expect(await renew(around, 900)).toBe('fresh');
		expect(asked).toBe(1);
		expect(isDue({ renewed: 90_000 }, now)).toBe(true);
		expect(isDue({ renewed: now }, now + RENEW_AFTER - 1)).toBe(false);
		expect(isDue({ renewed: now }, now + RENEW_AFTER)).toBe(true);
	});

	it.each<[string, Renewed]>([
		['session.missing', 'over'],
		['device.locked', 'locked'],
		['device.wipe', 'wipe']
	])('%s ends the session here: %s', async (code, outcome) => {
		answers = [{ code }];
		expect(await renew(around, 900)).toBe(outcome);
		expect(held).toBeNull();
		expect(await renew(around, 900)).toBe('none');
		expect(asked).toBe(1);
	});

	it('asks with another challenge once, and only once', async () => {
		answers = [{ code: 'device.proof_refused' }, { status: 204 }];
		expect(await renew(around, 900)).toBe('fresh');
		now = 5000;
		answers = [{ code: 'device.proof_refused' }, { code: 'device.proof_refused' }];
		expect(await renew(around, 4000)).toBe('unknown');
		expect(asked).toBe(4);
	});

	it('ends nothing when nothing was learnt', async () => {
		for (const answer of [new TypeError('no line'), { status: 503 }, { status: 429, code: 'signin.slow' }]) {
			answers = [answer];
			expect(await renew(around, 900)).toBe('unreachable');
		}
		expect(held?.session).toBe('s');
	});
});

describe('an enrolment', () => {
	let keys: MemoryKeys;
	let sent: { device: string; code: string | null }[];
	let answers: (Problem | 'yes')[];
	let wiped: string[];
	let made: number;
	const about: About = { name: '私のPC', kind: 'browser', os: 'Linux' };
	const parts = (): Enrolling<string> => ({
		keys,
		make: async () => key({ device: `new-${++made}`, login: null, stage: 'made', session: null }),
		send: async (held, _, code) => {
			expect(keys.held.has(held.device), 'kept before it is sent').toBe(true);
			sent.push({ device: held.device, code });
			const next = answers.shift() ?? 'yes';
			if (next instanceof Problem) throw next;
			return next;
		},
		wipe: async (held) => {
			wiped.push(held.device);
			await keys.drop(held.device);
		}
	});

	beforeEach(() => {
		keys = new MemoryKeys();
		sent = [];
		answers = [];
		wiped = [];
		made = 0;
	});

	it('costs no second code when its answer was lost', async () => {
		answers = [Problem.network()];
		await expect(enrol(parts(), about, 'K7MQ-3FXH', 'kouno')).rejects.toThrow();
		expect(keys.held.get('new-1')?.stage).toBe('sent');
		const again = await known(parts(), about, 'kouno');
		expect(again?.held.stage).toBe('enrolled');
		expect(sent).toEqual([
			{ device: 'new-1', code: 'K7MQ-3FXH' },
			{ device: 'new-1', code: null }
		]);
	});

	it('keeps its key when the code is refused, and does not ask with it without a code', async () => {
		answers = [refusal('device.code_refused')];
		await expect(enrol(parts(), about, 'WRNG-WRNG', 'kouno')).rejects.toThrow();
		expect(await known(parts(), about, 'kouno')).toBeNull();
		expect((await enrol(parts(), about, 'K7MQ-3FXH', 'kouno')).held.device).toBe('new-1');
		expect(sent.length).toBe(2);
	});

	it('leaves another person their key', async () => {
		await keys.put(key({ device: 'theirs', stage: 'sent', session: null }));
		answers = [refusal('device.taken', 409)];
		const { held } = await enrol(parts(), about, 'K7MQ-3FXH', 'heino');
		expect(held.device).toBe('new-1');
		expect([...keys.held.keys()]).toEqual(['theirs', 'new-1']);
		answers = [refusal('device.taken', 409)];
		expect(await known(parts(), about, 'heino')).not.toBeNull();
	});

	it('knows its person again without a code, the one who signs in first', async () => {
		await keys.put(key({ device: 'one', login: 'heino', session: null }));
		await keys.put(key({ device: 'two', login: 'kouno', session: null }));
		expect((await known(parts(), about, 'kouno'))?.held.device).toBe('two');
	});

	it('wipes first when told to, and asks for a code then', async () => {
		await keys.put(key({ device: 'lost', session: null }));
		answers = [refusal('device.wipe', 410)];
		expect(await known(parts(), about, 'kouno')).toBeNull();
		expect(wiped).toEqual(['lost']);
	});

	it('tells of a lock, and keeps the key', async () => {
		await keys.put(key({ session: null }));
		answers = [refusal('device.locked', 403)];
		await expect(known(parts(), about, 'kouno')).rejects.toMatchObject({ code: 'device.locked' });
		expect(keys.held.size).toBe(1);
	});
});

describe('a wipe', () => {
	let keys: MemoryKeys;
	let steps: string[];
	let things: number;
	let stuck: boolean;
	let told: (boolean | Error)[];
	const parts = (): Parts => ({
		keys,
		count: async () => things,
		erase: async () => {
			steps.push('erase');
			if (!stuck) things = 0;
		},
		left: async () => {
			steps.push('look');
			return things;
		},
		tell: async (held, items) => {
			expect(keys.held.has(held.device), 'the key is still there').toBe(true);
			steps.push(`tell ${items}`);
			const next = told.shift() ?? true;
			if (next instanceof Error) throw next;
			return next;
		}
	});

	beforeEach(() => {
		keys = new MemoryKeys();
		void keys.put(key());
		steps = [];
		things = 7;
		stuck = false;
		told = [];
	});

	it('erases, looks, tells; the key goes last', async () => {
		expect(await wipe(key(), parts())).toBe('told');
		expect(steps).toEqual(['erase', 'look', 'tell 7']);
		expect(keys.held.size).toBe(0);
	});

	it('reports nothing while something is left', async () => {
		stuck = true;
		expect(await wipe(key(), parts())).toBe('left');
		expect(steps).toEqual(['erase', 'look']);
		expect(keys.held.get('a')?.wiped).toBeNull();
	});

	it('is told at the next start when there was no line, with the number of then', async () => {
		told = [new TypeError('no line')];
		expect(await wipe(key(), parts())).toBe('untold');
		const [left] = await keys.all();
		expect(left).toMatchObject({ wiped: 7, session: null });
		expect(await report(left as Held, parts())).toBe('told');
		expect(steps).toEqual(['erase', 'look', 'tell 7', 'tell 7']);
		expect(keys.held.size).toBe(0);
	});
});

// R14
describe('a browser that is woken while no page is open', () => {
	const keys = new MemoryKeys();
	let asked: string[];
	let wiped: string[];
	const woken = (said: Record<string, boolean | null | Error>, outcome: Wiped = 'told') =>
		heed(
			keys,
			async ({ device }) => {
				asked.push(device);
				const one = said[device];
				if (one instanceof Error) throw one;
				return typeof one === 'boolean' ? { wipe: one } : null;
			},
			async ({ device }) => {
				wiped.push(device);
				return outcome;
			}
		);

	beforeEach(() => {
		keys.held.clear();
		asked = [];
		wiped = [];
	});

	it('without a key asks nothing, and a store that refuses is none', async () => {
		expect(await woken({})).toBe('stays');
		await keys.put(key({ stage: 'made' }));
		expect(await woken({})).toBe('stays');
		const refusing = { all: () => Promise.reject(new Error('refused')) };
		expect(
			await heed(
				refusing,
				async () => null,
				async () => 'told'
			)
		).toBe('stays');
		expect(asked).toEqual([]);
	});

	it.each([
		['is not told to', false, 'told', 'stays', []],
		['is not known any more', null, 'told', 'stays', []],
		['reaches nobody', new TypeError('no line'), 'told', 'unknown', []],
		['is told to', true, 'told', 'wiped', ['a']],
		['is told to, and the line breaks before the report', true, 'untold', 'again', ['a']],
		['is told to, and a page holds something open', true, 'left', 'left', ['a']]
	] as const)('which %s', async (_, said, outcome, heeded, gone) => {
		// Whether its session lives makes no difference.
		await keys.put(key({ session: null }));
		expect(await woken({ a: said }, outcome)).toBe(heeded);
		expect(wiped).toEqual(gone);
	});

	it('asks for everybody, and does not ask again for what is only to be told', async () => {
		await keys.put(key({ wiped: 7 }));
		await keys.put(key({ device: 'b' }));
		await keys.put(key({ device: 'c' }));
		expect(await woken({ b: new TypeError('no line'), c: false })).toBe('wiped');
		expect([asked, wiped]).toEqual([['b', 'c'], ['a']]);
	});
});

describe('a code', () => {
	it('is read generously', () => {
		expect(plainCode(' ｋ7mq－3fxh ')).toBe('K7MQ3FXH');
		expect(written('K7MQ3FXH')).toBe('K7MQ-3FXH');
		expect(plainCode('K7MQ-3FXH-EXTRA')).toBe('K7MQ3FXH');
	});

	it.each([
		['https://kairan.example/enrol#K7MQ-3FXH', 'K7MQ3FXH'],
		['K7MQ-3FXH', 'K7MQ3FXH'],
		['https://elsewhere.example/', null],
		['otpauth://totp/x?secret=AAAA', null],
		['K7MQ', null],
		['K7MQ-3FXH-AAAA', null]
	])('%s in a picture', (scanned, code) => expect(codeIn(scanned)).toBe(code));
});
