/**
 * Names offered while an @ is being written.
 *
 * What must stay true: while an input method is converting, its keys are its own; the list only
 * follows what is typed.
 */
import { live } from '$lib/live/store.svelte';
import type { Member, Room } from '$lib/live/wire';
import { m } from '$lib/paraglide/messages';
import { session } from '$lib/session/session.svelte';
import { findPeople, fold, foldQuery } from './kana';
import { asked, type Asked } from './mentions';
import { mentionName, person } from './names';

export interface Candidate {
	id: string;
	name: string;
	member: Member | undefined;
}

const MOST = 8;
/** How everyone may be asked for, besides the word shown. */
const EVERYONE = ['all', 'ぜんいん', 'みんな', 'everyone', '全員'];

export class Completion {
	open = $state(false);
	at = $state(0);
	found = $state.raw<readonly Candidate[]>([]);
	asked: Asked | null = null;

	look(text: string, caret: number, room: Room): void {
		this.asked = asked(text, caret);
		this.found = this.asked ? candidates(room, this.asked.query) : [];
		this.open = this.found.length > 0;
		this.at = 0;
	}

	close(): void {
		this.open = false;
	}

	move(step: number): void {
		const { length } = this.found;
		if (length > 0) this.at = (this.at + step + length) % length;
	}

	get chosen(): Candidate | undefined {
		return this.found[this.at];
	}
}

function candidates(room: Room, query: string): Candidate[] {
	const people = room.members
		.map(({ member }) => person(member))
		.filter((one): one is Member => !!one && one.id !== live.me && one.state !== 'left');
	const found = findPeople(people, query, MOST).map((member) => ({
		id: member.id,
		name: member.display_name,
		member
	}));
	const folded = foldQuery(query);
	const everyone = [...EVERYONE, m.talk_everyone()].some((word) => fold(word).startsWith(folded));
	if (!everyone || room.kind === 'direct' || !session.may('rooms.mention_all')) return found;
	const all = { id: 'all', name: mentionName('all'), member: undefined };
	return folded === '' ? [...found, all] : [all, ...found];
}
