/**
 * Calls of the API over `fetch`, typed by the document it was made from. As far as this API needs it: ids in the path, plain
 * words in the query, JSON both ways; bytes (a table, CSV) go as they are.
 *
 * What must stay true: what stands in a path or a query is data there and nothing else.
 */
import type { Client } from 'openapi-fetch';
import type { paths } from './schema';

const METHODS = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'] as const;

interface Asked {
	params?: { path?: Record<string, unknown>; query?: Record<string, unknown> };
	body?: unknown;
}

export interface Outcome<T> {
	/** Of a good answer; none where it says nothing. */
	data?: T;
	/** Of a refusal, as it came. */
	error?: unknown;
	response: Response;
}

/** The address of a call; what is not there is not asked for. */
export function address(path: string, { path: ids = {}, query = {} }: Asked['params'] = {}): string {
	const place = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(ids[name])));
	const words = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
	const asked = new URLSearchParams(words.map(([name, value]) => [name, String(value)]));
	return asked.size > 0 ? `${place}?${asked}` : place;
}

/** What is no JSON (a proxy's page, or nothing) is `undefined`. */
async function read(response: Response): Promise<unknown> {
	const text = await response.text();
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function sent(body: unknown): RequestInit {
	if (body === undefined) return {};
	// Bytes say themselves what they are.
	if (body instanceof Blob) return { body };
	return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** One function for each method; `carry` takes the call to the server. */
export function client(
	carry: (request: Request) => Promise<Response>
): Pick<Client<paths>, (typeof METHODS)[number]> {
	const call = async (
		method: string,
		path: string,
		{ params, body }: Asked = {}
	): Promise<Outcome<unknown>> => {
		const response = await carry(new Request(address(path, params), { method, ...sent(body) }));
		const said = await read(response);
		return response.ok ? { data: said, response } : { error: said, response };
	};
	const methods = METHODS.map((method) => [
		method,
		(path: string, asked?: Asked) => call(method, path, asked)
	]);
	return Object.fromEntries(methods) as Pick<Client<paths>, (typeof METHODS)[number]>;
}
