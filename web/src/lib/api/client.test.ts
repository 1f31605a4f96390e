// R18: a token that has ended, or was replaced by another tab, costs no call; and no call is made a third time.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { carried, whenProofNeeded, whenStale } from './client';

let answers: [number, string?][];
let calls: string[];
let renewals: number;

beforeEach(() => {
	answers = [];
	calls = [];
	renewals = 0;
	vi.stubGlobal('fetch', async (request: Request) => {
		calls.push(await request.text());
		const [status, code] = answers.shift() ?? [200];
		return new Response(code ? JSON.stringify({ code }) : '{}', { status });
	});
	whenStale(async () => {
		renewals += 1;
		return true;
	});
	whenProofNeeded(async () => true);
});
afterEach(() => vi.unstubAllGlobals());

const call = () => carried(new Request('http://kairan.invalid/x', { method: 'POST', body: 'words' }));

it.each(['session.stale', 'session.missing'])('%s: renewed, and the very same call again', async (code) => {
	answers = [[401, code]];
	expect((await call()).status).toBe(200);
	expect([calls, renewals]).toEqual([['words', 'words'], 1]);
});

it('is tried once more only', async () => {
	answers = [
		[401, 'session.stale'],
		[401, 'session.stale']
	];
	expect((await call()).status).toBe(401);
	expect([calls.length, renewals]).toEqual([2, 1]);
});

it('other refusals are nothing that a renewal could mend', async () => {
	answers = [[401, 'signin.refused']];
	expect((await call()).status).toBe(401);
	expect([calls.length, renewals]).toEqual([1, 0]);
});

it('a session that is over is said to be', async () => {
	whenStale(async () => false);
	answers = [[401, 'session.missing']];
	expect((await call()).status).toBe(401);
	expect(calls.length).toBe(1);
});

it('a renewal that nobody answers leaves everything as it was', async () => {
	whenStale(() => Promise.reject(new TypeError('no line')));
	answers = [[401, 'session.missing']];
	await expect(call()).rejects.toThrow('no line');
});

it('a token that ends while a proof is given is renewed too', async () => {
	answers = [
		[403, 'proof.needed'],
		[401, 'session.stale']
	];
	expect((await call()).status).toBe(200);
	expect([calls.length, renewals]).toEqual([3, 1]);
});
