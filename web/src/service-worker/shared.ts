/// <reference lib="webworker" />
/**
 * What another app shares with this one: sealed until a room is chosen for it.
 *
 * What must stay true: nothing shared is written unsealed. Where nobody is signed in it waits in memory only, for
 * as long as the browser lets this worker live.
 */
import { Local } from '$lib/local/local';
import type { Shared } from '$lib/app/words';

const waiting = new Map<string, Shared & { blobs: File[] }>();

/** `POST /share`: keeps what came and shows the page that asks for a room. */
export async function receive(request: Request): Promise<Response> {
	const id = crypto.randomUUID();
	try {
		const form = await request.formData();
		const word = (name: string) => String(form.get(name) ?? '').trim();
		const text = [...new Set([word('title'), word('text'), word('url')].filter(Boolean))].join('\n');
		const files = form.getAll('files').filter((one): one is File => one instanceof File && one.size > 0);
		await keep(id, text, files);
	} catch {
		return Response.redirect('/share?lost', 303);
	}
	return Response.redirect(`/share?id=${id}`, 303);
}

async function keep(id: string, text: string, files: File[]): Promise<void> {
	const local = new Local();
	const shared: Shared = { text, files: files.map((_, index) => `${id}-${index}`) };
	if (!(await local.resume())) {
		waiting.set(id, { ...shared, blobs: files });
		return;
	}
	for (const [index, file] of files.entries()) await local.keepFile(`${id}-${index}`, file);
	await local.put<Shared>('shared', id, shared);
}

/** To the page that asks for it; it is that page's then. */
export function hand(id: string): (Shared & { blobs: File[] }) | null {
	const found = waiting.get(id) ?? null;
	waiting.delete(id);
	return found;
}
