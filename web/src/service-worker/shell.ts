/// <reference lib="webworker" />
/**
 * Copies of the app itself, one set per version.
 *
 * What must stay true: a page always gets the pieces of the version it was built from; the set before is kept as
 * long as pages of it may still be open.
 */
import { build, files, version } from '$service-worker';

const PREFIX = 'kairan-';
const CACHE = PREFIX + version;
/** The one page of every address. */
const PAGE = '/';
/** Requests under way at once while copying: few, for a narrow line belongs to whoever reads and writes. */
const WIDTH = 3;

/**
 * What drawing a PDF needs (its code, character maps, fonts): six megabytes, fetched when one is opened and kept from
 * then on. Not before: a document's own bytes are never kept here, so that without a line there is nothing to draw.
 */
const LATER = /pdf\.(min|worker)|openjpeg|qcms|jbig2|\.(bcmap|ttf|pfb|icc|wasm)$/;

const paths = new Set([...build, ...files].filter((path) => path !== '/robots.txt' && !LATER.test(path)));

export const isKept = (path: string): boolean => paths.has(path) || path.startsWith('/_app/immutable/');

/** Copies what is missing. On a bad line it stops where it is, and goes on the next time. */
export async function fill(): Promise<void> {
	const cache = await caches.open(CACHE);
	const have = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
	const missing = [PAGE, ...paths].filter((path) => !have.has(path));
	const next = async (): Promise<void> => {
		for (let path = missing.shift(); path !== undefined; path = missing.shift()) {
			// Named after its content: another version's copy is the same.
			const same = path.startsWith('/_app/immutable/') ? await caches.match(path) : undefined;
			const copy =
				same ?? (await fetch(path, { cache: path === PAGE ? 'no-store' : 'default', priority: 'low' }));
			if (!copy.ok) throw new Error(`${path}: ${copy.status}`);
			await cache.put(path, copy);
		}
	};
	await Promise.all(Array.from({ length: WIDTH }, next));
}

/** Lets go of versions no page can be of any more: all but this one and the one before. */
export async function retire(): Promise<void> {
	const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
	for (const name of others.slice(0, -1)) await caches.delete(name);
}

export async function page(request: Request): Promise<Response> {
	return (await caches.match(PAGE, { cacheName: CACHE })) ?? fetch(request);
}

export async function asset(request: Request): Promise<Response> {
	const copy = await caches.match(request, { ignoreVary: true });
	if (copy) return copy;
	const fresh = await fetch(request);
	// After a sign-out there are no copies until somebody is in again.
	if (fresh.ok && LATER.test(new URL(request.url).pathname) && (await caches.has(CACHE)))
		await (await caches.open(CACHE)).put(request, fresh.clone());
	return fresh;
}
