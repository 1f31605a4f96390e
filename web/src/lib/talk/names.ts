/**
 * What people and rooms are called.
 *
 * What must stay true: a person is always called by the name the organisation verified (R10).
 */
import type { Member, Room } from '$lib/live/wire';
import { live } from '$lib/live/store.svelte';
import { m } from '$lib/paraglide/messages';
import { directory } from '$lib/people/directory.svelte';

export const person = (id: string | null): Member | undefined => (id ? directory.member(id) : undefined);

export function nameOf(id: string | null): string {
	if (!id) return m.talk_someone_system();
	return directory.member(id)?.display_name ?? m.talk_someone();
}

/** A name in a mention; `all` is everyone. */
export const mentionName = (id: string): string => (id === 'all' ? m.talk_everyone() : nameOf(id));

/** In a line of text: @乙川 */
export const atName = (id: string): string => `@${mentionName(id)}`;

/** The other one of a direct room; myself when there is nobody else. */
export function partnerOf(room: Room): string {
	return room.members.find(({ member }) => member !== live.me)?.member ?? live.me;
}

export function roomName(room: Room): string {
	return room.kind === 'direct' ? nameOf(partnerOf(room)) : (room.name ?? '');
}

export const isOutsider = (id: string): boolean => directory.member(id)?.kind === 'partner';

/** Members from outside, and their firms, in the order they came. */
export function outsiders(room: Room): { ids: string[]; companies: string[] } {
	const ids = room.members.map(({ member }) => member).filter(isOutsider);
	const companies = [
		...new Set(ids.map((id) => directory.member(id)?.company).filter((name) => !!name))
	] as string[];
	return { ids, companies };
}

/** Who answers for a room. Two people talking answer for themselves: there nobody stands above the other. */
export const managers = (room: Room): string[] =>
	room.kind === 'direct' ? [] : room.members.filter((one) => one.manager).map((one) => one.member);

export const amManager = (room: Room): boolean => managers(room).includes(live.me);

/** Names in one line: 甲野、乙川 */
export function listed(ids: readonly string[]): string {
	return ids.map(nameOf).join('、');
}
