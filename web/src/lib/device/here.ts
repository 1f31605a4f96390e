/** What this browser says of itself, so that people recognise it in a list. A help, no proof. */
import { isPhone } from '$lib/me/agent';
import { m } from '$lib/paraglide/messages';
import type { About } from './enrol';

type Hints = {
	platform?: string;
	getHighEntropyValues?: (wanted: string[]) => Promise<{ platform?: string; platformVersion?: string }>;
};

const SYSTEMS: readonly [RegExp, string][] = [
	[/iPhone OS (\d+)/, 'iPhone'],
	[/iPad.*OS (\d+)/, 'iPad'],
	[/Android (\d+)/, 'Android'],
	[/CrOS/, 'ChromeOS'],
	[/Windows/, 'Windows'],
	[/Mac OS X/, 'Mac'],
	[/Linux|X11/, 'Linux']
];

/** Its system with the version, where the browser tells it. */
export async function system(agent = navigator.userAgent, hints = hinted()): Promise<string> {
	const [mark, name] = SYSTEMS.find(([one]) => one.test(agent)) ?? [null, ''];
	const said = await hints?.getHighEntropyValues?.(['platformVersion']).catch(() => null);
	const version = Number.parseInt(said?.platformVersion ?? '', 10);
	// Windows counts its platform apart: 13 and above is what is sold as 11.
	if (name === 'Windows') return version >= 13 ? 'Windows 11' : version > 0 ? 'Windows 10' : name;
	if (name === 'Android' && version > 0) return `Android ${version}`;
	if (name === 'Mac' && version > 0) return `macOS ${version}`;
	return [name, mark?.exec(agent)?.[1]].filter(Boolean).join(' ') || m.agent_unknown();
}

const hinted = () => (navigator as { userAgentData?: Hints }).userAgentData;

/** A name to begin with: what it is, in the words people use. */
export function usualName(agent = navigator.userAgent): string {
	if (/iPad|Android(?!.*Mobile)/.test(agent)) return m.device_name_tablet();
	if (isPhone(agent)) return m.device_name_phone();
	return m.device_name_pc();
}

export const kind = (): About['kind'] =>
	matchMedia('(display-mode: standalone)').matches ||
	(navigator as { standalone?: boolean }).standalone === true
		? 'app'
		: 'browser';
