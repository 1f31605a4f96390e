/** What kind of browser a user-agent text speaks of, in two words. A help for recognising one's own devices, no proof. */

const SYSTEMS: readonly [RegExp, string][] = [
	[/iPhone/, 'iPhone'],
	[/iPad/, 'iPad'],
	[/Android/, 'Android'],
	[/CrOS/, 'ChromeOS'],
	[/Windows/, 'Windows'],
	[/Mac OS X|Macintosh/, 'Mac'],
	[/Linux|X11/, 'Linux']
];
/** Order matters: every browser claims to be those before it. */
const BROWSERS: readonly [RegExp, string][] = [
	[/Edg(e|A|iOS)?\//, 'Edge'],
	[/Firefox\/|FxiOS\//, 'Firefox'],
	[/SamsungBrowser\//, 'Samsung Internet'],
	[/(Headless)?Chrome\/|CriOS\//, 'Chrome'],
	[/Safari\//, 'Safari']
];

const first = (list: readonly [RegExp, string][], text: string): string | undefined =>
	list.find(([mark]) => mark.test(text))?.[1];

/** "Windows・Chrome"; nothing when neither is known. */
export function agentName(agent: string): string | undefined {
	const parts = [first(SYSTEMS, agent), first(BROWSERS, agent)].filter(Boolean);
	return parts.length ? parts.join('・') : undefined;
}

/** Whether it is held in the hand. */
export function isPhone(agent: string): boolean {
	return /iPhone|Android.+Mobile/.test(agent);
}
