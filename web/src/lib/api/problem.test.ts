import { afterEach, beforeEach, expect, test } from 'vitest';
import { overwriteGetLocale } from '$lib/paraglide/runtime';
import { answer, whenSignedOut } from './client';
import { Problem } from './problem';

let tongue: 'ja' | 'en' = 'ja';
beforeEach(() => {
	tongue = 'ja';
	overwriteGetLocale(() => tongue);
});
afterEach(() => whenSignedOut(() => {}));

const wire = {
	type: 'about:blank',
	title: 'x',
	status: 422,
	code: 'members.invalid',
	detail: '直すところがあります。',
	detail_en: 'Something needs a change.',
	facts: { limit: 3 },
	errors: [{ field: 'login', code: 'login.shape', detail: '小文字で。', detail_en: 'Small letters.' }]
};
const response = (status: number) => new Response(null, { status });

test('words and field words follow the reader, also after the fact', () => {
	const problem = Problem.refused(422, wire);
	expect(problem.words).toBe('直すところがあります。');
	expect(problem.field('login')).toBe('小文字で。');
	expect(problem.field('email')).toBeUndefined();
	tongue = 'en';
	expect(problem.words).toBe('Something needs a change.');
	expect(problem.field('login')).toBe('Small letters.');
	expect(problem.facts.limit).toBe(3);
	expect(problem.fields).toEqual(['login']);
});

test('a page of a proxy is a refusal without words of its own', () => {
	const problem = Problem.refused(502, '<html>Bad Gateway</html>');
	expect(problem.code).toBe('http.502');
	expect(problem.words).toMatch(/サーバー/);
	expect(Problem.refused(418, { code: 1 }).words).not.toBe('');
});

test('no answer is its own kind', async () => {
	const failing = answer<never>(Promise.reject(new TypeError('Failed to fetch')));
	const thrown = await failing.catch((cause: Problem) => cause);
	expect(thrown).toBeInstanceOf(Problem);
	expect(thrown.kind).toBe('network');
	expect(thrown.words).toMatch(/つながりません/);
});

test('a session that is gone is told once to whoever asked to know', async () => {
	let told = 0;
	whenSignedOut(() => told++);
	const missing = { ...wire, status: 401, code: 'session.missing' };
	await answer(Promise.resolve({ error: missing, response: response(401) })).catch(() => {});
	expect(told).toBe(1);
	const refused = { ...wire, status: 401, code: 'signin.refused' };
	await answer(Promise.resolve({ error: refused, response: response(401) })).catch(() => {});
	expect(told).toBe(1);
});

test('a good answer is its body', async () => {
	expect(await answer(Promise.resolve({ data: { a: 1 }, response: response(200) }))).toEqual({ a: 1 });
});
