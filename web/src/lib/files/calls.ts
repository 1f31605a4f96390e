/**
 * The calls about files.
 *
 * What must stay true: every write here names its file and the state wanted, so it can be repeated without harm;
 * a part that makes no headway is let go, so that it can be tried again.
 */
import { answer } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { delivery } from '$lib/live/calls';
import { refusalWords } from './refusal';
import type { Meta, Reply, Wire } from './upload';
import type { FileInfo, RoomFile, Standing, Usage } from './wire';

const BASE = '/api/v1';

function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
	const call = async () => {
		const response = await fetch(BASE + path, {
			method,
			credentials: 'same-origin',
			headers: body === undefined ? {} : { 'content-type': 'application/json' },
			body: body === undefined ? null : JSON.stringify(body)
		});
		const text = await response.text();
		const said: unknown = text ? JSON.parse(text) : undefined;
		return response.ok ? { data: said as T, response } : { error: said, response };
	};
	return answer<T>(call());
}

/** The thumbnail the server made; it is asked each time whether we may see it. */
export const thumbnail = (file: string, size: 'small' | 'large'): string =>
	`${BASE}/files/${file}/thumbnail?size=${size}`;

export const file = (
	id: string
): Promise<FileInfo & { room: string; message: string | null; seq: number | null; by: string; at: number }> =>
	ask('GET', `/files/${id}`);

/** A link to the bytes, good for some minutes and for this session only. */
export async function open(
	id: string,
	how: 'view' | 'download'
): Promise<{ url: string; expires_at: number }> {
	const { url, expires_at } = await ask<{ url: string; expires_at: number }>('POST', `/files/${id}/open`, {
		how
	});
	return { url: url.startsWith(BASE) ? url : BASE + url, expires_at };
}

export interface Wanted {
	kind?: readonly string[];
	by?: string;
	after?: number;
	before?: number;
	older_than?: number;
	limit?: number;
}

export function ofRoom(
	room: string,
	{ kind, ...wanted }: Wanted
): Promise<{ files: RoomFile[]; more: boolean }> {
	const query = new URLSearchParams();
	if (kind?.length) query.set('kind', kind.join(','));
	for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value));
	return ask('GET', `/rooms/${room}/files?${query}`);
}

export const usage = (): Promise<Usage> => ask('GET', '/usage');

/** No byte has left for this long, or no answer has come after the last one: the line is as good as gone (ms). */
const STALLED = 30_000;
const ANSWER = 60_000;

/** Sends one part; `fetch` cannot tell how much has left, so it is the older way. */
function sendPart(
	path: string,
	bytes: Blob,
	told: (sent: number) => void,
	signal: AbortSignal
): Promise<{ status: number; body: unknown }> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		let watch: ReturnType<typeof setTimeout>;
		const within = (ms: number) => {
			clearTimeout(watch);
			watch = setTimeout(() => request.abort(), ms);
		};
		const abort = () => request.abort();
		const end = (act: () => void) => {
			clearTimeout(watch);
			signal.removeEventListener('abort', abort);
			act();
		};
		request.open('PUT', path);
		request.setRequestHeader('content-type', 'application/octet-stream');
		request.upload.onprogress = ({ loaded }) => {
			within(loaded < bytes.size ? STALLED : ANSWER);
			told(loaded);
		};
		request.onload = () => end(() => resolve({ status: request.status, body: parsed(request.responseText) }));
		request.onerror = request.onabort = () => end(() => reject(Problem.network()));
		if (signal.aborted) return reject(Problem.network());
		signal.addEventListener('abort', abort);
		within(STALLED);
		request.send(bytes);
	});
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

async function replied<T>(act: Promise<T>): Promise<Reply<T>> {
	try {
		return { is: 'yes', value: await act };
	} catch (thrown) {
		const problem = Problem.from(thrown);
		const why = () => refusalWords(problem);
		if (problem.status === 404) return { is: 'missing', why };
		const outcome = delivery(problem);
		if (outcome.is !== 'refused') return outcome as Reply<T>;
		return { is: 'refused', code: problem.code, facts: problem.facts, why };
	}
}

/** The uploader's way to the server. */
export const wire: Wire = {
	begin: ({ file: id, room, name, size, media }: Meta) =>
		replied(ask<Standing>('PUT', `/uploads/${id}`, { room, name, size, ...(media && { media }) })),
	look: (id) => replied(ask<Standing>('GET', `/uploads/${id}`)),
	part: (id, number, bytes, told, signal) =>
		replied(
			sendPart(`${BASE}/uploads/${id}/parts/${number}`, bytes, told, signal).then(({ status, body }) => {
				if (status >= 200 && status < 300) return null;
				throw Problem.refused(status, body);
			})
		),
	finish: (id) => replied(ask<FileInfo>('POST', `/uploads/${id}/finish`)),
	drop: (id) => ask('DELETE', `/uploads/${id}`)
};
