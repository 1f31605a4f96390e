import { expect, it } from 'vitest';
import { address, client } from './request';

it.each([
	['/rooms', undefined, '/rooms'],
	['/rooms/{id}/members/{member}', { path: { id: 'a', member: 'b' } }, '/rooms/a/members/b'],
	['/messages/{id}', { path: { id: '../x?y=1#z' } }, '/messages/..%2Fx%3Fy%3D1%23z'],
	[
		'/search',
		{ query: { q: '金庫 & 鍵', before: undefined, after: null, limit: 0 } },
		'/search?q=%E9%87%91%E5%BA%AB+%26+%E9%8D%B5&limit=0'
	],
	['/search', { query: {} }, '/search']
])('%s with %o', (path, params, wanted) => {
	expect(address(path, params)).toBe(wanted);
});

/** What a call becomes, and what its answer is read as. */
async function carried(status: number, text: string | null, body?: object) {
	let request: Request | undefined;
	// A page's own address stands before it there.
	const real = globalThis.Request;
	globalThis.Request = class extends real {
		constructor(url: string, init?: RequestInit) {
			super(new URL(url, 'http://kairan.invalid'), init);
		}
	} as typeof Request;
	try {
		const api = client(async (one) => {
			request = one;
			return new Response(text, { status });
		});
		const outcome = await api.PUT('/api/v1/me/push', { body: body as never });
		return { request: request as Request, outcome };
	} finally {
		globalThis.Request = real;
	}
}

it('sends JSON, and reads it', async () => {
	const { request, outcome } = await carried(201, '{"id":"x"}', { auth: 'y' });
	expect([request.method, request.headers.get('content-type')]).toEqual(['PUT', 'application/json']);
	expect(await request.json()).toEqual({ auth: 'y' });
	expect([outcome.data, outcome.error]).toEqual([{ id: 'x' }, undefined]);
});

it('sends bytes as they are, and says what they are', async () => {
	const { request } = await carried(200, '{}', new Blob(['姓,名\n'], { type: 'text/csv' }));
	expect([request.headers.get('content-type'), await request.text()]).toEqual(['text/csv', '姓,名\n']);
});

it('without a body says of none', async () => {
	const { request } = await carried(204, null);
	expect([request.headers.get('content-type'), await request.text()]).toEqual([null, '']);
});

it.each([
	[204, null, undefined, undefined],
	[422, '{"code":"push.key"}', undefined, { code: 'push.key' }],
	[502, '<h1>Bad Gateway</h1>', undefined, undefined]
])('an answer of %i with %o', async (status, text, data, error) => {
	const { outcome } = await carried(status, text);
	expect([outcome.response.status, outcome.data, outcome.error]).toEqual([status, data, error]);
});
