/**
 * What calls for a look while the app is open: the count in the title and on the icon, and a notification when
 * nobody looks at any of its pages.
 *
 * What must stay true: of several tabs one calls, once; what has been read anywhere calls no longer.
 */
import { answer, api } from '$lib/api/client';
import type { LiveRoom } from '$lib/live/room.svelte';
import { live } from '$lib/live/store.svelte';
import { unread } from '$lib/live/unread.svelte';
import { m } from '$lib/paraglide/messages';
import { atName, nameOf, roomName } from '$lib/talk/names';
import { said } from '$lib/talk/said';
import { calls, wording, type Posted, type Shows } from './calling';
import { pushState } from './push';
import { worker } from './worker.svelte';

/** A page in sight holds this lock, together with the others. */
const IN_SIGHT = 'kairan.in-sight';
/** Reading is told to the server within 0.7 s: then it can say what still waits. Ms. */
const AFTER_READING = 1_500;
/** The organisation may show less from one moment to the next: what it allows is asked again when older, ms. */
const SETTINGS_GOOD = 60_000;

type Badges = { setAppBadge?: (count: number) => Promise<void>; clearAppBadge?: () => Promise<void> };

class Attention {
	#quietUntil: number | null = null;
	#shows: Shows = 'nothing';
	#pushed = false;
	#readAt = 0;
	#total = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#release: (() => void) | null = null;

	start(): () => void {
		const stops = [
			live.whenMine('notifications', () => void this.#settings()),
			live.whenPosted((room, event) => void this.#posted(room, event)),
			title()
		];
		void this.#settings();
		this.#sight();
		const seen = () => this.#sight();
		document.addEventListener('visibilitychange', seen);
		const stop = $effect.root(() => {
			$effect(() => this.#count(unread.total));
		});
		return () => {
			stop();
			document.removeEventListener('visibilitychange', seen);
			this.#release?.();
			for (const one of stops) one();
		};
	}

	async #settings(): Promise<void> {
		this.#pushed = (await pushState().catch(() => 'off')) === 'on';
		try {
			const { quiet_until, push } = await answer(api.GET('/api/v1/me/notifications'));
			this.#quietUntil = quiet_until;
			this.#shows = push.shows;
			this.#readAt = Date.now();
		} catch {
			// Without a line nothing new comes either; the settings are read again when they change.
		}
	}

	#sight(): void {
		const visible = document.visibilityState === 'visible';
		if (!visible) {
			this.#release?.();
			this.#release = null;
		} else if (!this.#release && navigator.locks) {
			const held = new Promise<void>((resolve) => (this.#release = resolve));
			void navigator.locks.request(IN_SIGHT, { mode: 'shared' }, () => held).catch(() => {});
		}
	}

	async #watched(): Promise<boolean> {
		if (document.visibilityState === 'visible') return true;
		const { held } = (await navigator.locks?.query().catch(() => null)) ?? {};
		return held?.some((one) => one.name === IN_SIGHT) ?? false;
	}

	async #posted(room: LiveRoom, event: Posted): Promise<void> {
		if (!('Notification' in window) || Notification.permission !== 'granted') return;
		// A device that gets pushes is called by them.
		if (this.#pushed || !live.leads) return;
		const ear = { me: live.me, now: Date.now(), quiet_until: this.#quietUntil };
		if (!calls(event, room.room, ear) || (await this.#watched())) return;
		if (Date.now() > this.#readAt + SETTINGS_GOOD) await this.#settings();
		const text = said({ text: event.body.text, files: event.body.files ?? [] }, atName);
		const line = m.talk_said({ name: nameOf(event.actor), text });
		const { title, body } = wording(this.#shows, m.app_new_message(), roomName(room.room), line);
		const options = { tag: `room:${room.id}`, icon: '/icons/icon-192.png', ...(body && { body }) };
		const there = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
		if (there?.active) await there.showNotification(title, { ...options, data: { room: room.id } });
		else {
			const shown = new Notification(title, options);
			shown.onclick = () => {
				window.focus();
				shown.close();
			};
		}
	}

	#count(total: number): void {
		const less = total < this.#total;
		this.#total = total;
		const badges = navigator as Badges;
		void (total > 0 ? badges.setAppBadge?.(total) : badges.clearAppBadge?.())?.catch(() => {});
		if (!less) return;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			worker.say({ t: 'read', badge: this.#total });
			void this.#clear();
		}, AFTER_READING);
	}

	/** What this page called for and has been read since. */
	async #clear(): Promise<void> {
		const there = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
		for (const one of (await there?.getNotifications().catch(() => [])) ?? []) {
			const room = live.rooms.get((one.data as { room?: string } | null)?.room ?? '');
			if (room && room.room.mine.unread === 0) one.close();
		}
	}
}

/** The count before whatever title the page gives itself. */
function title(): () => void {
	const put = () => {
		const bare = document.title.replace(/^\(\d+\+?\) /, '');
		const count = unread.total;
		const wanted = count > 0 ? `(${count > 99 ? '99+' : count}) ${bare}` : bare;
		if (document.title !== wanted) document.title = wanted;
	};
	const observer = new MutationObserver(put);
	observer.observe(document.head, { childList: true, subtree: true, characterData: true });
	const stop = $effect.root(() => {
		$effect(put);
	});
	return () => {
		observer.disconnect();
		stop();
	};
}

export const attention = new Attention();
