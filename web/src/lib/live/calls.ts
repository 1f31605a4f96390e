/**
 * The calls of the conversation: rooms, messages, reading.
 *
 * What must stay true: every write here can be repeated without harm, because each names its
 * room, its message and the state wanted, never a change relative to another.
 */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { socketProof } from '$lib/device/hand';
import type { Letter, Outcome } from './outbox';
import type { Page } from './reduce';
import { isLine } from './stretch';
import type { History, Message, Room, RoomEvent } from './wire';

export async function ticket(): Promise<string> {
	const body = await socketProof();
	return (await answer(api.POST('/api/v1/gateway/ticket', { body }))).ticket;
}

export const rooms = async (): Promise<Room[]> => (await answer(api.GET('/api/v1/rooms'))).rooms;

export const room = (id: string): Promise<Room> =>
	answer(api.GET('/api/v1/rooms/{id}', { params: { path: { id } } }));

/** Most events of one answer (the server's limit). */
const EVENTS = 500;
/** Answers asked for one stretch of lines: a stretch with more between its messages shows without the rest. */
const LINE_CALLS = 4;

export async function events(id: string, after: number): Promise<{ events: RoomEvent[]; head: number }> {
	const params = { path: { id }, query: { after, limit: EVENTS } };
	const page = await answer(api.GET('/api/v1/rooms/{id}/events', { params }));
	return page as { events: RoomEvent[]; head: number };
}

export interface Wanted {
	before?: number;
	after?: number;
	around?: number;
	limit: number;
}

/** A page with the joins, leaves and renames that lie in it. `floor`: nothing at or below is mine to see. */
export async function page(id: string, wanted: Wanted, floor: number): Promise<Page> {
	const messages = await answer(
		api.GET('/api/v1/rooms/{id}/messages', { params: { path: { id }, query: { ...wanted } } })
	);
	const first = messages.messages[0]?.seq;
	const last = messages.messages.at(-1)?.seq;
	const from = messages.more_before ? (first ?? floor + 1) - 1 : floor;
	const edge =
		wanted.before !== undefined
			? wanted.before - 1
			: messages.more_after
				? (last ?? messages.head)
				: messages.head;
	return { ...messages, lines: await lines(id, wanted.after ?? from, edge) };
}

/** Lines with `from` < seq ≤ `to`. A conversation without them is still a conversation: failing gives none. */
async function lines(id: string, from: number, to: number): Promise<RoomEvent[]> {
	const found: RoomEvent[] = [];
	try {
		for (let after = from, call = 0; after < to && call < LINE_CALLS; call += 1) {
			const { events: some } = await events(id, after);
			found.push(...some.filter((event) => isLine(event) && event.seq <= to));
			const last = some.at(-1)?.seq;
			if (last === undefined || some.length < EVENTS) break;
			after = last;
		}
	} catch {
		return [];
	}
	return found;
}

/** Read counts of the last messages before `before`. */
export async function readCounts(id: string, before: number): Promise<Map<string, number>> {
	const query = { before, limit: 200 };
	const { messages } = await answer(
		api.GET('/api/v1/rooms/{id}/messages', { params: { path: { id }, query } })
	);
	return new Map(messages.map((one) => [one.id, one.read_count]));
}

/** Longest wait the server may ask of the outbox itself; a longer one is told to the writer. */
const PATIENCE = 60_000;

export async function send(letter: Letter): Promise<Outcome<Message>> {
	const params = { path: { id: letter.room, message: letter.id } };
	const { text, label, reply_to, files } = letter;
	const body = { text, label, reply_to, ...(files.length > 0 && { files: [...files] }) };
	try {
		return {
			is: 'sent',
			ack: await answer(api.PUT('/api/v1/rooms/{id}/messages/{message}', { params, body }))
		};
	} catch (thrown) {
		return delivery(Problem.from(thrown));
	}
}

/** What a failed send means for its letter. */
export function delivery(problem: Pick<Problem, 'kind' | 'status' | 'facts' | 'words'>): Outcome<never> {
	// 408: the line went silent halfway.
	if (problem.kind === 'network' || problem.status >= 500 || [401, 408].includes(problem.status))
		return { is: 'delayed' };
	const after = problem.facts.retry_after_ms;
	if (problem.status === 429 && typeof after === 'number' && after <= PATIENCE)
		return { is: 'delayed', after };
	return { is: 'refused', why: () => problem.words };
}

const at = (id: string, message: string) => ({ params: { path: { id, message } } });

export const message = (id: string, one: string): Promise<Message> =>
	answer(api.GET('/api/v1/rooms/{id}/messages/{message}', at(id, one)));

export const whereIs = (one: string): Promise<{ room: string; seq: number }> =>
	answer(api.GET('/api/v1/messages/{message}', { params: { path: { message: one } } }));

export const edit = (id: string, one: string, text: string): Promise<Message> =>
	answer(api.PATCH('/api/v1/rooms/{id}/messages/{message}', { ...at(id, one), body: { text } }));

export const remove = (id: string, one: string): Promise<unknown> =>
	answer(api.DELETE('/api/v1/rooms/{id}/messages/{message}', at(id, one)));

export function react(id: string, one: string, reaction: string, on: boolean): Promise<unknown> {
	const options = { params: { path: { id, message: one, reaction } } };
	return on
		? answer(api.PUT('/api/v1/rooms/{id}/messages/{message}/reactions/{reaction}', options))
		: answer(api.DELETE('/api/v1/rooms/{id}/messages/{message}/reactions/{reaction}', options));
}

export const pin = (id: string, one: string, on: boolean): Promise<unknown> =>
	on
		? answer(api.PUT('/api/v1/rooms/{id}/messages/{message}/pin', at(id, one)))
		: answer(api.DELETE('/api/v1/rooms/{id}/messages/{message}/pin', at(id, one)));

export const settle = (id: string, one: string, on: boolean): Promise<unknown> =>
	on
		? answer(api.PUT('/api/v1/rooms/{id}/messages/{message}/answered', at(id, one)))
		: answer(api.DELETE('/api/v1/rooms/{id}/messages/{message}/answered', at(id, one)));

export const pins = async (id: string): Promise<Message[]> =>
	(await answer(api.GET('/api/v1/rooms/{id}/pins', { params: { path: { id } } }))).messages;

export const readers = (
	id: string,
	one: string
): Promise<{ read: { member: string; at: number }[]; unread: string[] }> =>
	answer(api.GET('/api/v1/rooms/{id}/messages/{message}/readers', at(id, one)));

export const read = (id: string, upto: number): Promise<{ read: number }> =>
	answer(api.PUT('/api/v1/rooms/{id}/read', { params: { path: { id } }, body: { upto } }));

export interface NewRoom {
	kind: 'group' | 'department' | 'broadcast';
	name: string;
	description: string;
	icon: string | null;
	members: string[];
	managers: string[];
	department: string | null;
	history: History;
}

export const createRoom = (id: string, body: NewRoom): Promise<Room> =>
	answer(api.PUT('/api/v1/rooms/{id}', { params: { path: { id } }, body }));

export const direct = (member: string, id: string): Promise<Room> =>
	answer(api.PUT('/api/v1/direct/{member}', { params: { path: { member } }, body: { room: id } }));

export interface RoomChange {
	name?: string;
	description?: string;
	icon?: string | null;
	history?: History;
}

export const changeRoom = (id: string, body: RoomChange): Promise<Room> =>
	answer(api.PATCH('/api/v1/rooms/{id}', { params: { path: { id } }, body }));

export const setMember = (id: string, member: string, on: boolean): Promise<unknown> => {
	const options = { params: { path: { id, member } } };
	return on
		? answer(api.PUT('/api/v1/rooms/{id}/members/{member}', options))
		: answer(api.DELETE('/api/v1/rooms/{id}/members/{member}', options));
};

export const setManager = (id: string, member: string, on: boolean): Promise<unknown> => {
	const options = { params: { path: { id, member } } };
	return on
		? answer(api.PUT('/api/v1/rooms/{id}/managers/{member}', options))
		: answer(api.DELETE('/api/v1/rooms/{id}/managers/{member}', options));
};

export const leave = (id: string): Promise<unknown> =>
	answer(api.POST('/api/v1/rooms/{id}/leave', { params: { path: { id } } }));

export const archive = (id: string, on: boolean): Promise<unknown> =>
	on
		? answer(api.PUT('/api/v1/rooms/{id}/archive', { params: { path: { id } } }))
		: answer(api.DELETE('/api/v1/rooms/{id}/archive', { params: { path: { id } } }));

/** How I keep a room: what I am told of, silence until an instant, whether it stays on top. */
export type Keeping = {
	notify?: 'all' | 'mentions' | 'none';
	quiet_until?: number | null;
	favourite?: boolean;
};

export const mine = (id: string, body: Keeping): Promise<unknown> =>
	answer(api.PUT('/api/v1/rooms/{id}/mine', { params: { path: { id } }, body }));
