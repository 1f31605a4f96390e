/**
 * 印: the geometry of a confirmation seal on a 100-unit square. Ring 46 r, 3 wide; rules at 37 and 63; department (up to
 * four characters), date, surname. Pure, so that print, screen and tests draw the same seal.
 */
import { hash } from './hash';

/** Font size of the surname by its length; longer ones are pressed into 62 units. */
const SURNAME = [21, 19, 16.5, 14] as const;
const SURNAME_LONG = 11.5;
const SURNAME_WIDTH = 62;
const DEPARTMENT_WIDTH = 50;

export type SealText = { size: number; spacing: number; width?: number };

/** Below this many pixels only a 認印 can be read: one or two characters in a ring. */
export const SMALLEST = 56;

const letters = (text: string): number => [...text].length;

export function surname(text: string): SealText {
	const length = letters(text);
	const size = SURNAME[length - 1];
	if (size === undefined) return { size: SURNAME_LONG, spacing: 0, width: SURNAME_WIDTH };
	return { size, spacing: length === 2 ? 3 : 0 };
}

export function department(text: string): SealText {
	return letters(text) <= 3
		? { size: 15, spacing: 0 }
		: { size: 13, spacing: 0, width: letters(text) > 4 ? DEPARTMENT_WIDTH : undefined };
}

/** Kinds of body that say nothing about which one it is. */
const BODIES =
	/(株式|有限|合同|合資)会社|(一般|公益)?(社団|財団)法人|社会福祉法人|医療法人|学校法人|特定非営利活動法人/gu;

/**
 * Up to four characters for the upper field. A longer name gives its last word of one script, which in Japanese names
 * says what it is: みほん工務店 → 工務店, みほんマート → マート; without one, its first four.
 */
export function shortDepartment(name: string): string {
	const bare = name.replace(BODIES, '').trim();
	if (letters(bare) <= 4) return bare;
	const word = /(?:\p{Script=Han}+|[\p{Script=Katakana}ー]+)$/u.exec(bare)?.[0] ?? '';
	return letters(word) >= 2 && letters(word) <= 4 ? word : [...bare].slice(0, 4).join('');
}

/** −5…5°, always the same for one person: a hand has its own slant. */
export function tilt(member: string): number {
	return (hash(member) % 11) - 5;
}

/** 26.12.07 in the reader's time zone. */
export function sealDate(at: number): string {
	const date = new Date(at);
	const two = (value: number) => String(value).padStart(2, '0');
	return `${two(date.getFullYear() % 100)}.${two(date.getMonth() + 1)}.${two(date.getDate())}`;
}

/** What a 認印 shows: the surname's first one or two characters. */
export function small(text: string): string {
	return [...text].slice(0, 2).join('');
}
