/// <reference no-default-lib="true"/>
/// <reference lib="esnext" />
/// <reference lib="webworker" />
/**
 * What runs beside the pages: keeps the app itself, so that it opens without a line; shows notifications; takes
 * what another app shares; wipes the device when it is told to while no page is open.
 *
 * What must stay true: an answer of the API never comes from here and is never copied here; what is private lies
 * only in the sealed store. A new version waits until a person lets it in.
 */
import { badge, clicked, hush, pushed, quiet, reminded } from './notices';
import { fill, isKept, page, asset, retire } from './shell';
import { receive, hand } from './shared';
import type { ToWorker } from '$lib/app/words';

const worker = globalThis.self as unknown as ServiceWorkerGlobalScope;

worker.addEventListener('install', (event) => {
	event.waitUntil(fill());
	// Calls of the API need not wake the worker (static routing, where the browser knows it).
	const routing = event as ExtendableEvent & { addRoutes?: (rules: unknown[]) => Promise<void> };
	const rule = { condition: { urlPattern: { pathname: '/api/*' } }, source: 'network' };
	if (routing.addRoutes) event.waitUntil(routing.addRoutes([rule]).catch(() => {}));
});

worker.addEventListener('activate', (event) => {
	event.waitUntil(retire().then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
	const { request } = event;
	const url = new URL(request.url);
	if (url.origin !== worker.location.origin || url.pathname.startsWith('/api/')) return;
	if (request.method === 'POST' && url.pathname === '/share') return event.respondWith(receive(request));
	if (request.method !== 'GET') return;
	if (isKept(url.pathname)) return event.respondWith(asset(request));
	// Addresses of the client have no dot in their last part; the server's own pages are not the client's.
	const own = /^\/(healthz|readyz|metrics)$|\.[^/]*$/.test(url.pathname);
	if (request.mode === 'navigate' && !own) event.respondWith(page(request));
});

worker.addEventListener('push', (event) => event.waitUntil(pushed(event.data)));
// Not every browser knows it: the others ask at the next push, or when the app is opened.
worker.addEventListener('sync' as never, (event: ExtendableEvent) => event.waitUntil(reminded()));
worker.addEventListener('notificationclick', (event) => event.waitUntil(clicked(event.notification)));

worker.addEventListener('message', (event) => {
	const word = event.data as ToWorker;
	if (word.t === 'activate') event.waitUntil(worker.skipWaiting());
	else if (word.t === 'fill') event.waitUntil(fill());
	else if (word.t === 'read') event.waitUntil(Promise.all([badge(word.badge), quiet()]));
	else if (word.t === 'hush') event.waitUntil(hush());
	else if (word.t === 'shared') event.ports[0]?.postMessage(hand(word.id));
});
