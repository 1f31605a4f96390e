/// <reference lib="webworker" />
/**
 * Notifications: one for each room, replaced and not stacked, gone once it was read anywhere.
 *
 * What must stay true: words of a message or a name stand in one only when the server put them there, which it does
 * as the organisation decided (R15), and only while no app lock is shut; a tag tells nothing about its room. A device that
 * is to be wiped shows nothing any more.
 */
import { BrowserShelf, DATABASE } from '$lib/local/shelf';
import { m } from '$lib/paraglide/messages';
import { obey } from './wiping';
import { overwriteGetLocale } from '$lib/paraglide/runtime';
import type { FromWorker, Payload } from '$lib/app/words';

const worker = globalThis.self as unknown as ServiceWorkerGlobalScope;

/** Within this a second message of a room changes what is shown without another sound, ms. */
const SAME_BREATH = 60_000;
/** The longest wait for the server before a click opens the list instead, ms. */
const ANSWER_WITHIN = 4_000;

interface Waiting {
	badge: number;
	rooms: { tag: string; room: string; name: string | null; unread: number; mentions: number }[];
}

type Badges = { setAppBadge?: (count: number) => Promise<void>; clearAppBadge?: () => Promise<void> };

export async function badge(count: number): Promise<void> {
	const marks = worker.navigator as unknown as Badges;
	await (count > 0 ? marks.setAppBadge?.(count) : marks.clearAppBadge?.())?.catch(() => {});
}

/**
 * Whether the app is locked: until when it is open its pages write down (lib/lock), and without a page it is shut. Where that
 * cannot be read it is taken to be.
 */
async function locked(pages: number): Promise<boolean> {
	const open = await new BrowserShelf().get('plain', ['settings', 'lock']).catch(() => 0);
	return open !== undefined && (pages === 0 || Number(open) <= Date.now());
}

const LOOKS = { icon: '/icons/icon-192.png', badge: '/icons/badge-96.png' };

/** Every push has to show something (`userVisibleOnly`): of a wipe, that it was done. */
async function erased(): Promise<void> {
	const options = { tag: 'wiped', ...LOOKS, body: m.app_wiped_why(), silent: true };
	await worker.registration.showNotification(m.app_wiped(), options).catch(() => {});
}

/** There is a line again, and the server is to be asked (or told) what could not be before. */
export async function reminded(): Promise<void> {
	await language();
	const heeded = await obey();
	if (heeded === 'wiped') await erased();
	// The browser tries again.
	if (heeded !== 'wiped' && heeded !== 'stays') throw new Error('not yet');
}

/** What stands there in words says from now on only that there is something. */
export async function hush(): Promise<void> {
	await language();
	for (const one of await worker.registration.getNotifications())
		if (one.body || one.title !== m.app_new_message())
			await worker.registration.showNotification(m.app_new_message(), {
				tag: one.tag,
				icon: one.icon,
				badge: '/icons/badge-96.png',
				data: one.data,
				silent: true
			});
}

export async function pushed(data: PushMessageData | null): Promise<void> {
	let payload = read(data);
	await language();
	const looked = await worker.clients.matchAll({ type: 'window' });
	const watched = looked.some((one) => one.focused && one.visibilityState === 'visible');
	// A page that is looked at hears of it by itself.
	const heeded = watched && payload.what !== 'wipe' ? 'stays' : await obey();
	if (heeded === 'wiped' || heeded === 'again') return erased();
	const { tag } = payload;
	const [before] = await worker.registration.getNotifications({ tag });
	const since =
		Date.now() - ((before as (Notification & { timestamp?: number }) | undefined)?.timestamp ?? 0);
	if (await locked(looked.length)) payload = { ...payload, title: undefined, body: undefined };
	// Nobody wrote, or it is nobody's here to read.
	if (payload.what === 'wipe' || heeded === 'left')
		payload = { ...payload, title: m.app_look(), body: undefined };
	const options: NotificationOptions & { renotify?: boolean; timestamp?: number } = {
		tag,
		...LOOKS,
		data: { tag },
		timestamp: Date.now(),
		renotify: !watched && since > SAME_BREATH,
		silent: watched || undefined,
		...(payload.body && { body: payload.body })
	};
	await worker.registration.showNotification(payload.title ?? m.app_new_message(), options);
	await badge(payload.badge);
	if (!payload.waiting) return;
	const still = new Set([tag, ...payload.waiting]);
	for (const one of await worker.registration.getNotifications())
		if ((one.data as { tag?: string } | null)?.tag && !still.has(one.tag)) one.close();
}

function read(data: PushMessageData | null): Payload {
	try {
		const payload = data?.json() as Payload;
		if (payload?.v === 1 && typeof payload.tag === 'string') return payload;
	} catch {
		// Not ours, or damaged: something came, and the browser wants it shown.
	}
	return { v: 1, tag: 'kairan', badge: 0 };
}

/** The language chosen in the app, or the browser's. */
async function language(): Promise<void> {
	// After a wipe there is no store, and none is made to look into.
	const names = await indexedDB.databases?.().catch(() => null);
	const there = names?.some(({ name }) => name === DATABASE) ?? true;
	const chosen = there && (await new BrowserShelf().get('plain', ['settings', 'language']).catch(() => null));
	const tongue = chosen || worker.navigator.language.slice(0, 2);
	overwriteGetLocale(() => (tongue === 'en' ? 'en' : 'ja'));
}

async function waiting(): Promise<Waiting | null> {
	try {
		const signal = AbortSignal.timeout(ANSWER_WITHIN);
		const response = await fetch('/api/v1/me/push/waiting', { signal, cache: 'no-store' });
		return response.ok ? ((await response.json()) as Waiting) : null;
	} catch {
		return null;
	}
}

/** Something was read: what no longer waits goes from the screen. */
export async function quiet(): Promise<void> {
	const shown = await worker.registration.getNotifications();
	const pushed = shown.filter((one) => (one.data as { tag?: string } | null)?.tag);
	if (pushed.length === 0) return;
	const now = await waiting();
	if (!now) return;
	const still = new Set(now.rooms.map((one) => one.tag));
	for (const one of pushed) if (!still.has(one.tag)) one.close();
	await badge(now.badge);
}

export async function clicked(notification: Notification): Promise<void> {
	notification.close();
	const { tag, room } = (notification.data ?? {}) as { tag?: string; room?: string };
	const found = room ?? (await waiting())?.rooms.find((one) => one.tag === tag)?.room;
	const path = found ? `/rooms/${found}` : '/rooms';
	const open = await worker.clients.matchAll({ type: 'window' });
	const best = open.find((one) => one.focused) ?? open[0];
	if (!best) {
		await worker.clients.openWindow(path);
		return;
	}
	await best.focus().catch(() => {});
	best.postMessage({ t: 'open', path } satisfies FromWorker);
}
