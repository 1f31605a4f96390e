/** What devices are called, and how it stands with one, in words. */
import { moment } from '$lib/i18n/when';
import { m } from '$lib/paraglide/messages';
import type { IconName } from '$lib/parts/Icon.svelte';
import { directory } from '$lib/people/directory.svelte';
import type { Device, DeviceKind, Ownership } from './calls';

export const kindWords = (kind: DeviceKind): string =>
	({
		browser: m.device_kind_browser,
		app: m.device_kind_app,
		desktop: m.device_kind_desktop,
		api: m.device_kind_api
	})[kind]();

export const ownershipWords = (whose: Ownership): string =>
	whose === 'lent' ? m.device_lent() : m.device_own();

export const deviceIcon = ({ os, kind }: Device): IconName =>
	/Android|iPhone|iPad/.test(os) ? 'phone' : kind === 'api' ? 'bot' : 'laptop';

/** Who ordered it: a person, or somebody at the server's command line. */
const byWhom = (by: string | null): string =>
	by === null ? m.device_by_server() : (directory.member(by)?.display_name ?? m.device_by_gone());

/** What is not as usual: the fact, and what follows from it. `null`: all is as usual. */
export function stateWords(
	device: Device,
	now: number
): { icon: IconName; fact: string; more: string } | null {
	const at = (ms: number) => moment(ms, now);
	const { lock, wipe } = device;
	const unreadable = device.unreadable_at
		? device.unreadable_at <= now
			? m.device_unreadable_since({ day: at(device.unreadable_at) })
			: m.device_unreadable_from({ day: at(device.unreadable_at) })
		: '';
	switch (device.state) {
		case 'pending':
			return { icon: 'clock', fact: m.device_pending(), more: m.device_pending_more() };
		case 'locked':
			return {
				icon: 'lock',
				fact: m.device_locked(),
				more: [lock && m.device_by({ day: at(lock.at), who: byWhom(lock.by) }), unreadable]
					.filter(Boolean)
					.join('')
			};
		case 'wiping':
			return {
				icon: 'clock',
				fact: m.device_wiping(),
				more: [
					wipe && m.device_by({ day: at(wipe.asked_at), who: byWhom(wipe.by) }),
					m.device_wiping_more(),
					unreadable
				]
					.filter(Boolean)
					.join('')
			};
		case 'wiped':
			return {
				icon: 'check',
				fact: m.device_wiped(),
				more: wipe?.confirmed_at
					? m.device_wiped_more({ day: at(wipe.confirmed_at), count: wipe.items ?? 0 })
					: ''
			};
		case 'removed':
			return { icon: 'x', fact: m.device_removed(), more: m.device_removed_more() };
		default:
			return null;
	}
}
