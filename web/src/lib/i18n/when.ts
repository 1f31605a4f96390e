/**
 * Dates and hours in the guide's forms: 12月9日（水）18:00, short 12/9（水）; hours without leading zero. Every function
 * takes milliseconds UTC and shows the reader's own time zone.
 */
import { getLocale } from '$lib/paraglide/runtime';

const DAYS_JA = ['日', '月', '火', '水', '木', '金', '土'];
const DAYS_EN = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS_EN = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** 9:05 */
export function hour(at: number): string {
	const date = new Date(at);
	return `${date.getHours()}:${String(date.getMinutes()).padStart(2, '0')}`;
}

/** 12月9日（水）· Wed 9 Dec; with the year when it is not this one. */
export function day(at: number, now: number): string {
	const date = new Date(at);
	const otherYear = date.getFullYear() !== new Date(now).getFullYear();
	if (getLocale() === 'en') {
		const words = `${DAYS_EN[date.getDay()]} ${date.getDate()} ${MONTHS_EN[date.getMonth()]}`;
		return otherYear ? `${words} ${date.getFullYear()}` : words;
	}
	const words = `${date.getMonth() + 1}月${date.getDate()}日（${DAYS_JA[date.getDay()]}）`;
	return otherYear ? `${date.getFullYear()}年${words}` : words;
}

/** 12/9（水）· 9 Dec */
export function shortDay(at: number): string {
	const date = new Date(at);
	if (getLocale() === 'en') return `${date.getDate()} ${MONTHS_EN[date.getMonth()]}`;
	return `${date.getMonth() + 1}/${date.getDate()}（${DAYS_JA[date.getDay()]}）`;
}

/** 12月9日（水）18:00 · Wed 9 Dec, 18:00 */
export function moment(at: number, now: number): string {
	return getLocale() === 'en' ? `${day(at, now)}, ${hour(at)}` : `${day(at, now)}${hour(at)}`;
}
