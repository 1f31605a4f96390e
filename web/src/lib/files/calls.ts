/**
 * The calls about files.
 *
 * What must stay true: every write here names its file and the state wanted, so it can be repeated without harm;
 * a part that makes no headway is let go, so that it can be tried again.
 */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { components } from '$lib/api/schema';
import { delivery } from '$lib/live/calls';
import { refusalWords } from './refusal';
import type { Meta, Reply, Wire } from './upload';
import type { Drawn, FileKind, RoomFile, Usage } from './wire';

const BASE = '/api/v1';
const at = (file: string) => ({ params: { path: { file } } });

/** The thumbnail the server made; it is asked each time whether we may see it. */
export const thumbnail = (file: string, size: 'small' | 'large'): string =>
	`${BASE}/files/${file}/thumbnail?size=${size}`;

/** A link to the bytes, good for some minutes and for this session only. */
export async function open(file: string, how: 'view' | 'download'): Promise<string> {
	const { url } = await answer(api.POST('/api/v1/files/{file}/open', { ...at(file), body: { how } }));
	return url.startsWith(BASE) ? url : BASE + url;
}

/**
 * How a file is looked at: `drawn` by the server, page by page, or `null` where its bytes may be read. `page` gives the
 * address of a page, counted from 1; like any link it ends after some minutes.
 */
export async function look(
	file: string
): Promise<{ drawn: Drawn | null; url: string; page: (number: number) => string }> {
	const link = await answer(api.POST('/api/v1/files/{file}/open', { ...at(file), body: { how: 'view' } }));
	const { view: drawn = null } = link as { view?: Drawn | null };
	const url = link.url.startsWith(BASE) ? link.url : BASE + link.url;
	return { drawn, url, page: (number) => url.replace('{page}', String(number)) };
}

export interface Wanted {
	kind?: readonly FileKind[];
	by?: string;
	after?: number;
	before?: number;
	older_than?: number;
	limit?: number;
}

/** What stands in a message of the room; what is only uploaded does not yet. */
const isPosted = (file: components['schemas']['FileDetail']): file is RoomFile => file.message !== null;

export async function ofRoom(
	id: string,
	{ kind, ...wanted }: Wanted
): Promise<{ files: RoomFile[]; more: boolean }> {
	const query = { ...wanted, ...(kind?.length && { kind: kind.join(',') }) };
	const page = await answer(api.GET('/api/v1/rooms/{id}/files', { params: { path: { id }, query } }));
	return { files: page.files.filter(isPosted), more: page.more };
}

export const usage = (): Promise<Usage> => answer(api.GET('/api/v1/usage'));

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
	begin: ({ file, room, name, size, media }: Meta) => {
		const body = { room, name, size, ...(media && { media }) };
		return replied(answer(api.PUT('/api/v1/uploads/{file}', { ...at(file), body })));
	},
	look: (file) => replied(answer(api.GET('/api/v1/uploads/{file}', at(file)))),
	part: (file, number, bytes, told, signal) =>
		replied(
			sendPart(`${BASE}/uploads/${file}/parts/${number}`, bytes, told, signal).then(({ status, body }) => {
				if (status >= 200 && status < 300) return null;
				throw Problem.refused(status, body);
			})
		),
	finish: (file) => replied(answer(api.POST('/api/v1/uploads/{file}/finish', at(file)))),
	drop: (file) => answer(api.DELETE('/api/v1/uploads/{file}', at(file)))
};
