/** Rules in words: names of limits, values for the table, whole sentences for those they meet. */
import { kindWords } from '$lib/device/words';
import { m } from '$lib/paraglide/messages';
import { roleWords } from '$lib/people/words';
import { getLocale } from '$lib/paraglide/runtime';
import { EVERY_DAY, isFlag, LIMITS, said } from './rules';
import type { Amount, Applies, Hours, Limit, Limits, OwnPolicy } from './wire';

const NAMES: Record<Limit, () => string> = {
	download: m.limit_download,
	copy: m.limit_copy,
	print: m.limit_print,
	share: m.limit_share,
	watermark: m.limit_watermark,
	blur: m.limit_blur,
	hours: m.limit_hours,
	networks: m.limit_networks_name,
	devices: m.limit_devices,
	second_factor: m.limit_second_factor,
	session_hours: m.limit_session_hours,
	session_idle_minutes: m.limit_session_idle_minutes,
	app_lock_minutes: m.limit_app_lock_minutes,
	lease_hours: m.limit_lease_hours
};
export const limitName = (limit: Limit): string => NAMES[limit]();

/** What each flag says, strict first. */
export const FLAG_WORDS = {
	download: m.value_view_only,
	copy: m.value_cannot,
	print: m.value_cannot,
	share: m.value_cannot,
	watermark: m.value_put,
	blur: m.value_blurred,
	second_factor: m.value_demanded
} as const;

const separator = () => (getLocale() === 'en' ? ', ' : '・');
const DAYS = [
	m.weekday_1,
	m.weekday_2,
	m.weekday_3,
	m.weekday_4,
	m.weekday_5,
	m.weekday_6,
	m.weekday_7
] as const;
export const dayName = (day: number): string => DAYS[day - 1]?.() ?? '';

/** 毎日, 月–金, 月・水・金. */
export function daysWords(days: readonly number[]): string {
	const sorted = EVERY_DAY.filter((day) => days.includes(day));
	const [first] = sorted;
	const last = sorted.at(-1);
	if (first === undefined || last === undefined) return '';
	if (sorted.length === EVERY_DAY.length) return m.value_daily();
	const unbroken = last - first === sorted.length - 1;
	if (unbroken && sorted.length > 2) return `${dayName(first)}–${dayName(last)}`;
	return sorted.map(dayName).join(separator());
}

/** 07:00 → 7:00 */
export const clock = (time: string): string => time.replace(/^0(?=\d)/, '');

/** Past midnight it belongs to the day on which it began. */
export const overnight = ({ from, to }: Hours): boolean => to <= from;

const minutesWords = (count: number): string => {
	if (count % 1440 === 0) return m.value_days({ count: count / 1440 });
	return count % 60 === 0 ? m.value_hours({ count: count / 60 }) : m.value_minutes({ count });
};
/** Two days and more are counted in days. */
const hoursWords = (count: number): string =>
	count % 24 === 0 && count >= 48 ? m.value_days({ count: count / 24 }) : m.value_hours({ count });

const AMOUNTS: Record<Amount, (count: number) => string> = {
	devices: (count) => m.value_devices({ count }),
	session_hours: (count) => m.value_out_after({ count: hoursWords(count) }),
	session_idle_minutes: (count) => m.value_out_after({ count: minutesWords(count) }),
	app_lock_minutes: (count) => m.value_lock({ count: minutesWords(count) }),
	lease_hours: (count) => (count === 0 ? m.value_lease_now() : hoursWords(count))
};

/** As it stands in the table; a dash where nothing is said. */
export function valueWords(limits: Limits, limit: Limit): string {
	const value = said(limits, limit);
	if (value === undefined) return '—';
	if (isFlag(limit)) return FLAG_WORDS[limit]();
	if (limit === 'networks') {
		const [first = '', ...more] = value as string[];
		return more.length > 0 ? m.value_networks_more({ first, count: more.length }) : first;
	}
	if (limit === 'hours') {
		const hours = value as Hours;
		// Joined, so that a narrow cell breaks before the hours and not within them.
		const span = `${clock(hours.from)}\u2060–\u2060${clock(hours.to)}`;
		return hours.days.length === EVERY_DAY.length ? span : `${daysWords(hours.days)} ${span}`;
	}
	return AMOUNTS[limit](value as number);
}

/** Whom a rule meets, in one line. */
export function appliesWords({ kinds, ownership, roles }: Applies): string {
	if (kinds.length === 0 && !ownership && roles.length === 0) return m.applies_all();
	const owner = ownership === 'own' ? m.applies_own() : ownership === 'lent' ? m.applies_lent() : '';
	const whole = kinds.length === 0 ? m.applies_device() : kinds.map(kindWords).join(separator());
	const devices = owner || kinds.length > 0 ? `${owner}${whole}` : '';
	const people = roles.length > 0 ? roles.map(roleWords).join(separator()) : '';
	return [people, devices].filter(Boolean).join(getLocale() === 'en' ? ' · ' : '／');
}

/** What it means for somebody it meets. */
export function sentence(limit: Limit, value: Limits[Limit]): string {
	switch (limit) {
		case 'download':
			return m.says_download();
		case 'copy':
			return m.says_copy();
		case 'print':
			return m.says_print();
		case 'share':
			return m.says_share();
		case 'watermark':
			return m.says_watermark();
		case 'blur':
			return m.says_blur();
		case 'hours': {
			const hours = value as Hours;
			const words = { days: daysWords(hours.days), from: clock(hours.from), to: clock(hours.to) };
			return overnight(hours) ? m.says_hours_next(words) : m.says_hours(words);
		}
		case 'networks':
			return m.says_networks({ list: (value as string[]).join(getLocale() === 'en' ? ', ' : '、') });
		case 'devices':
			return m.says_devices({ count: value as number });
		case 'second_factor':
			return m.says_second_factor();
		case 'session_hours':
			return m.says_session_hours({ time: hoursWords(value as number) });
		case 'session_idle_minutes':
			return m.says_session_idle_minutes({ time: minutesWords(value as number) });
		case 'app_lock_minutes':
			return m.says_app_lock_minutes({ time: minutesWords(value as number) });
		case 'lease_hours':
			return value === 0 ? m.says_lease_now() : m.says_lease_hours({ time: hoursWords(value as number) });
	}
}

/** Everything a rule says, one sentence a limit. */
export const sentences = (limits: Limits): string[] =>
	LIMITS.flatMap((limit) => {
		const value = said(limits, limit);
		return value === undefined ? [] : [sentence(limit, value)];
	});

/** One line of 「この端末の決まり」; `rule`: which says so, or how it always is. */
export type OwnLine = { words: string; rule: string | null };

/** What is limited on this device, in the table's order. */
export function ownLines(own: OwnPolicy): OwnLine[] {
	const lines: OwnLine[] = [];
	for (const limit of LIMITS) {
		if (limit === 'hours')
			for (const { rule, ...hours } of own.hours) lines.push({ words: sentence(limit, hours), rule });
		else if (limit === 'networks')
			for (const { rule, list } of own.networks) lines.push({ words: sentence(limit, list), rule });
		else if (isFlag(limit)) {
			const flag = own[limit];
			const strict = 'allowed' in flag ? !flag.allowed : flag.required;
			if (strict) lines.push({ words: sentence(limit, undefined), rule: flag.rule });
		} else {
			const { value, rule } = own[limit];
			if (value !== null) lines.push({ words: sentence(limit, value), rule });
		}
	}
	return lines;
}

/** What is not limited, in words. */
export function ownFree(own: OwnPolicy): string[] {
	const may: [boolean, () => string][] = [
		[own.download.allowed, m.own_free_download],
		[own.copy.allowed, m.own_free_copy],
		[own.print.allowed, m.own_free_print],
		[own.share.allowed, m.own_free_share],
		[own.hours.length === 0, m.own_free_any_time],
		[own.networks.length === 0, m.own_free_anywhere]
	];
	return may.filter(([free]) => free).map(([, words]) => words());
}
