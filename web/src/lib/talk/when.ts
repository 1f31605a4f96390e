/** Times as the list and the conversation say them; the words of one moment are in `$lib/i18n/when`. */
import { day, hour, shortDay } from '$lib/i18n/when';
import { m } from '$lib/paraglide/messages';
import { getLocale } from '$lib/paraglide/runtime';
import { ago } from './grouping';

/** 9:41 · 昨日 · 土 · 11/30 · 2025/11/30 */
export function listTime(at: number, now: number): string {
	const date = new Date(at);
	switch (ago(at, now)) {
		case 'today':
			return hour(at);
		case 'yesterday':
			return m.talk_yesterday();
		case 'week':
			return date.toLocaleDateString(getLocale(), { weekday: 'short' });
		case 'year':
			return getLocale() === 'en' ? shortDay(at) : `${date.getMonth() + 1}/${date.getDate()}`;
		case 'older':
			return `${date.getFullYear()}/${date.getMonth() + 1}/${date.getDate()}`;
	}
}

/** 今日　12月7日（月） */
export function dayTitle(at: number, now: number): string {
	return ago(at, now) === 'today' ? m.talk_today({ day: day(at, now) }) : day(at, now);
}

/** 9:41 today, else 12/7（月）9:41 */
export function whenShort(at: number, now: number): string {
	if (ago(at, now) === 'today') return hour(at);
	return getLocale() === 'en' ? `${shortDay(at)}, ${hour(at)}` : `${shortDay(at)}${hour(at)}`;
}
