/**
 * Notifications to this device while the app is closed.
 *
 * What must stay true: a subscription that the server does not know is not kept, and one that the browser no longer
 * has is told to the server; whether it is on is asked of both.
 */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { m } from '$lib/paraglide/messages';
import { announce } from '$lib/parts/announce.svelte';

export type PushState =
	| 'on'
	| 'off'
	/** Refused in the browser's settings. */
	| 'blocked'
	| 'unsupported'
	/** The address has no HTTPS. */
	| 'insecure'
	/** iPhone and iPad, before it was added to the home screen. */
	| 'needs_install';

/** Where there is no push service the browser may never answer, ms. */
const ANSWER_WITHIN = 20_000;

/** iPad says it is a Mac; only one of them has fingers. */
export const isApple = (): boolean =>
	/iPhone|iPad|iPod/.test(navigator.userAgent) ||
	(navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1);

export const isInstalled = (): boolean =>
	matchMedia('(display-mode: standalone)').matches ||
	(navigator as { standalone?: boolean }).standalone === true;

async function registration(): Promise<ServiceWorkerRegistration | null> {
	return (await navigator.serviceWorker?.getRegistration().catch(() => undefined)) ?? null;
}

/** How it is in this browser, whatever the server says. */
export async function pushState(): Promise<PushState> {
	if (!isSecureContext) return 'insecure';
	if (isApple() && !isInstalled()) return 'needs_install';
	if (!('serviceWorker' in navigator) || !('PushManager' in window) || !('Notification' in window))
		return 'unsupported';
	if (Notification.permission === 'denied') return 'blocked';
	const subscription = await (await registration())?.pushManager.getSubscription().catch(() => null);
	return subscription && Notification.permission === 'granted' ? 'on' : 'off';
}

/** Asks the person, then the browser's push service, then tells the server. Throws a `Problem`. */
export async function subscribe(key: string): Promise<PushState> {
	const state = await pushState();
	if (state !== 'off' && state !== 'on') return state;
	if ((await Notification.requestPermission()) !== 'granted') return pushState();
	const worker = await soon(navigator.serviceWorker.ready);
	const subscription = worker && (await soon(obtain(worker, key)));
	if (!subscription) {
		announce.say(m.app_push_no_answer());
		return 'off';
	}
	const { endpoint, keys } = subscription.toJSON();
	const body = { endpoint: endpoint ?? '', p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' };
	try {
		await answer(api.PUT('/api/v1/me/push', { body }));
	} catch (thrown) {
		await subscription.unsubscribe().catch(() => {});
		throw Problem.from(thrown);
	}
	return 'on';
}

/** One made with another key (the server's was renewed) is given up first. */
async function obtain(worker: ServiceWorkerRegistration, key: string): Promise<PushSubscription> {
	const applicationServerKey = bytes(key);
	const options = { userVisibleOnly: true, applicationServerKey };
	const there = await worker.pushManager.getSubscription();
	const same = there && sameBytes(there.options.applicationServerKey, applicationServerKey);
	if (there && !same) await there.unsubscribe();
	return same ? there : worker.pushManager.subscribe(options);
}

/** Throws a `Problem` when the server could not be told; the browser then keeps its subscription too. */
export async function unsubscribe(): Promise<PushState> {
	await answer(api.DELETE('/api/v1/me/push'));
	const subscription = await (await registration())?.pushManager.getSubscription().catch(() => null);
	await subscription?.unsubscribe().catch(() => {});
	return pushState();
}

/** Shows one on this device, as a real one would look. */
export async function tryOne(title: string, body: string): Promise<void> {
	const worker = await registration();
	await worker?.showNotification(title, {
		body,
		tag: 'try',
		icon: '/icons/icon-192.png',
		badge: '/icons/badge-96.png'
	});
}

const soon = <T>(wanted: Promise<T>): Promise<T | null> =>
	Promise.race([
		wanted.catch(() => null),
		new Promise<null>((resolve) => setTimeout(() => resolve(null), ANSWER_WITHIN))
	]);

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
	const base64 = base64url.replace(/-/g, '+').replace(/_/g, '/');
	return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}

function sameBytes(buffer: ArrayBuffer | null, wanted: Uint8Array): boolean {
	if (buffer?.byteLength !== wanted.byteLength) return false;
	const there = new Uint8Array(buffer);
	return wanted.every((one, index) => there[index] === one);
}
