/**
 * What is offered while a filter is written: people and rooms I know, labels, days. All from what this client already
 * has; the server decides what the words find.
 */
import { live } from '$lib/live/store.svelte';
import { m } from '$lib/paraglide/messages';
import { directory } from '$lib/people/directory.svelte';
import { findPeople, fold, foldQuery } from '$lib/talk/kana';
import { labelWords, LABELS } from '$lib/talk/labels';
import { roomName } from '$lib/talk/names';
import type { Asked } from './query';

export interface Offer {
	/** What is put into the query. */
	value: string;
	words: string;
	hint?: string;
}

const MOST = 8;
const DAY_MS = 86_400_000;

export function offers(asked: Asked, now: number): Offer[] {
	const folded = foldQuery(asked.value);
	switch (asked.filter) {
		case 'from':
			return findPeople(directory.members.values(), asked.value, MOST).map((member) => ({
				value: member.display_name,
				words: member.display_name,
				hint: `${member.family_kana} ${member.given_kana}`.trim()
			}));
		case 'in':
			return [...live.rooms.values()]
				.filter(({ state }) => !state.gone)
				.map(({ room }) => roomName(room))
				.filter((name) => fold(name).includes(folded))
				.slice(0, MOST)
				.map((name) => ({ value: name, words: name }));
		case 'label':
			return LABELS.map((label) => ({ value: labelWords(label), words: labelWords(label) })).filter((one) =>
				fold(one.words).startsWith(folded)
			);
		case 'has':
			return [{ value: 'file', words: m.find_has_file() }];
		case 'before':
		case 'after':
			return [
				{ value: isoDay(now), words: m.find_day_today() },
				{ value: isoDay(now - DAY_MS), words: m.find_day_yesterday() },
				{ value: isoDay(now - 7 * DAY_MS), words: m.find_day_week() },
				{ value: isoDay(now - 30 * DAY_MS), words: m.find_day_month() }
			]
				.filter((one) => one.value.startsWith(asked.value))
				.map((one) => ({ ...one, hint: one.value }));
	}
}

/** 2026-12-09, in the reader's own zone. */
export function isoDay(at: number): string {
	const date = new Date(at);
	const two = (number: number) => String(number).padStart(2, '0');
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
