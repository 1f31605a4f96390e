/**
 * A room on a server, small enough to be certain of: the reference the reducer is held against.
 *
 * What must stay true: it works out a snapshot from the whole list of events each time,
 * and shares no code with `reduce.ts`.
 */
import type { FileInfo } from '../files/wire';
import type { Page } from './reduce';
import type { Message, Room, RoomEvent } from './wire';

export const ME = 'me';
export const PEOPLE = [ME, 'anna', 'ben', 'guest'];
export const isOutsider = (member: string) => member === 'guest';

/** What a test may ask the room to do; what makes no sense just then is skipped. */
export type Deed =
	| {
			do: 'post';
			by: number;
			text: string;
			to: number | null;
			named: boolean;
			consult: boolean;
			files?: number;
	  }
	| { do: 'edit' | 'delete' | 'pin' | 'unpin' | 'answer' | 'reopen'; which: number; text: string }
	| { do: 'react' | 'unreact'; by: number; which: number; reaction: string }
	| { do: 'release' | 'infect' | 'erase'; which: number }
	| { do: 'add' | 'remove' | 'promote' | 'demote'; who: number }
	| { do: 'rename'; text: string };

const waitingFile = (id: string): FileInfo => ({
	id,
	name: `${id}.jpg`,
	size: 1,
	media: 'image/jpeg',
	kind: 'image',
	extension: 'jpg',
	width: 4,
	height: 3,
	preview: true,
	state: 'waiting'
});

export class ServerRoom {
	events: RoomEvent[] = [];

	constructor() {
		this.#happen({
			actor: ME,
			kind: 'room.created',
			body: {
				kind: 'group',
				name: '部屋',
				description: '',
				icon: null,
				department: null,
				history: 'all',
				members: [
					{ member: ME, manager: true },
					{ member: 'anna', manager: false }
				]
			}
		});
	}

	get head() {
		return this.events.length;
	}

	#happen(event: Omit<RoomEvent, 'room' | 'seq' | 'at'>) {
		const seq = this.events.length + 1;
		this.events.push({ room: 'room', seq, at: 1000 * seq, ...event } as RoomEvent);
	}

	perform(deed: Deed) {
		const { messages, room } = this.snapshot();
		const living = messages.filter((one) => one.deleted_at === null);
		const inside = (member: string) => room.members.some((one) => one.member === member);
		const who = (index: number) => PEOPLE[index % PEOPLE.length] ?? ME;
		switch (deed.do) {
			case 'post': {
				if (!inside(who(deed.by))) return;
				const reply =
					deed.to === null || messages.length === 0
						? null
						: (messages[deed.to % messages.length]?.id ?? null);
				const body = {
					message: `m${this.head + 1}`,
					text: deed.text,
					label: deed.consult ? ('consult' as const) : null,
					reply_to: reply,
					mentions: deed.named ? [ME] : [],
					all: false,
					files: Array.from({ length: deed.files ?? 0 }, (_, at) => waitingFile(`f${this.head + 1}-${at}`))
				};
				return this.#happen({ actor: who(deed.by), kind: 'message.posted', body });
			}
			case 'react':
			case 'unreact': {
				const message = living[deed.which % (living.length || 1)];
				if (!message || !inside(who(deed.by))) return;
				const has =
					message.reactions.find((one) => one.reaction === deed.reaction)?.members.includes(who(deed.by)) ??
					false;
				if (has === (deed.do === 'react')) return;
				const kind = deed.do === 'react' ? 'reaction.added' : 'reaction.removed';
				return this.#happen({
					actor: who(deed.by),
					kind,
					body: { message: message.id, reaction: deed.reaction }
				});
			}
			case 'add':
			case 'remove':
			case 'promote':
			case 'demote': {
				const member = who(deed.who);
				if (member === ME || inside(member) === (deed.do === 'add')) return;
				if (deed.do === 'add')
					return this.#happen({ actor: ME, kind: 'room.member_added', body: { member, manager: false } });
				if (deed.do === 'remove')
					return this.#happen({ actor: ME, kind: 'room.member_removed', body: { member, left: false } });
				const kind = deed.do === 'promote' ? 'room.manager_added' : 'room.manager_removed';
				return this.#happen({ actor: ME, kind, body: { member } });
			}
			case 'release':
			case 'infect':
			case 'erase': {
				const files = living.flatMap((one) => one.files);
				const file = files[deed.which % (files.length || 1)];
				if (!file) return;
				const kinds = { release: 'file.released', infect: 'file.infected', erase: 'file.erased' } as const;
				return this.#happen({ actor: null, kind: kinds[deed.do], body: { file: file.id } });
			}
			case 'rename':
				return this.#happen({ actor: ME, kind: 'room.changed', body: { name: deed.text } });
			default: {
				const message = living[deed.which % (living.length || 1)];
				if (!message) return;
				const { id, seq, author, mentions, all } = message;
				const was = { seq, author, mentions, all };
				if (deed.do === 'edit') {
					const body = { message: id, text: deed.text, mentions: [], all: false, was };
					return this.#happen({ actor: message.author, kind: 'message.edited', body });
				}
				const kinds = {
					delete: 'message.deleted',
					pin: 'message.pinned',
					unpin: 'message.unpinned',
					answer: 'message.answered',
					reopen: 'message.reopened'
				} as const;
				const body = deed.do === 'delete' ? { message: id, was } : { message: id };
				return this.#happen({ actor: message.author, kind: kinds[deed.do], body });
			}
		}
	}

	/** The room as a fresh load would show it at `head`. */
	snapshot(head = this.head): { room: Room; messages: Message[] } {
		const messages: Message[] = [];
		const members = new Map<string, { manager: boolean; since: number }>();
		let name = '';
		const find = (id: string) => {
			const message = messages.find((one) => one.id === id);
			if (!message) throw new Error(`no message ${id}`);
			return message;
		};
		for (const event of this.events.slice(0, head)) {
			const by = event.actor ?? '';
			const stamp = { by, at: event.at };
			if (event.kind === 'room.created') {
				name = event.body.name ?? '';
				for (const { member, manager } of event.body.members)
					members.set(member, { manager, since: event.seq });
			} else if (event.kind === 'room.changed') name = event.body.name ?? name;
			else if (event.kind === 'room.member_added')
				members.set(event.body.member, { manager: event.body.manager, since: event.seq });
			else if (event.kind === 'room.member_removed') members.delete(event.body.member);
			else if (event.kind === 'room.manager_added' || event.kind === 'room.manager_removed') {
				const member = members.get(event.body.member);
				if (member) member.manager = event.kind === 'room.manager_added';
			} else if (event.kind === 'message.posted') {
				messages.push({
					id: event.body.message,
					room: 'room',
					seq: event.seq,
					at: event.at,
					author: by,
					text: event.body.text,
					label: event.body.label,
					answered: null,
					reply_to: event.body.reply_to
						? {
								message: event.body.reply_to,
								author: '',
								text: null,
								files: 0,
								file_kind: null,
								deleted: false
							}
						: null,
					mentions: event.body.mentions,
					all: false,
					files: event.body.files,
					edited_at: null,
					edits: 0,
					deleted_at: null,
					deleted_by: null,
					pinned: null,
					reactions: [],
					read_count: 0
				});
			} else if (event.kind === 'message.edited') {
				const message = find(event.body.message);
				message.text = event.body.text;
				message.mentions = event.body.mentions;
				message.edited_at = event.at;
				message.edits += 1;
			} else if (event.kind === 'message.deleted')
				Object.assign(find(event.body.message), {
					text: null,
					files: [],
					deleted_at: event.at,
					deleted_by: by
				});
			else if ('file' in event.body) {
				const states = {
					'file.added': 'waiting',
					'file.released': 'ready',
					'file.infected': 'infected',
					'file.erased': 'erased'
				} as const;
				const { file } = event.body;
				const state = states[event.kind as keyof typeof states];
				for (const message of messages)
					message.files = message.files.map((one) => (one.id === file ? { ...one, state } : one));
			} else if (event.kind === 'message.pinned') find(event.body.message).pinned = stamp;
			else if (event.kind === 'message.unpinned') find(event.body.message).pinned = null;
			else if (event.kind === 'message.answered') find(event.body.message).answered = stamp;
			else if (event.kind === 'message.reopened') find(event.body.message).answered = null;
			else if (event.kind === 'reaction.added') {
				const { reactions } = find(event.body.message);
				const { reaction } = event.body;
				const there = reactions.find((one) => one.reaction === reaction);
				if (there) there.members.push(by);
				else reactions.push({ reaction, members: [by] });
			} else if (event.kind === 'reaction.removed') {
				const message = find(event.body.message);
				const { reaction } = event.body;
				for (const one of message.reactions)
					if (one.reaction === reaction) one.members = one.members.filter((member) => member !== by);
				message.reactions = message.reactions.filter((one) => one.members.length > 0);
			}
		}
		for (const message of messages) {
			const quote = message.reply_to;
			const source = quote && find(quote.message);
			if (quote && source)
				Object.assign(quote, {
					author: source.author,
					text: source.text,
					files: source.files.length,
					file_kind: source.files[0]?.kind ?? null,
					deleted: source.deleted_at !== null
				});
		}
		const final = messages.at(-1);
		const unread = messages.filter((one) => one.author !== ME && one.deleted_at === null);
		const room: Room = {
			id: 'room',
			kind: 'group',
			name,
			description: '',
			icon: null,
			department: null,
			history: 'all',
			archived: false,
			members: [...members].map(([member, rest]) => ({ member, ...rest })),
			head,
			outsiders: [...members.keys()].filter(isOutsider).length,
			created_at: 1000,
			mine: {
				floor: 0,
				read: 0,
				unread: unread.length,
				mentions: unread.filter((one) => one.mentions.includes(ME)).length,
				open_consults: 0,
				notify: 'all',
				quiet_until: null,
				favourite: false,
				last_read_at: null
			},
			last: final
				? {
						message: final.id,
						seq: final.seq,
						at: final.at,
						author: final.author,
						text: final.text ?? '',
						files: final.files.length,
						file_kind: final.files[0]?.kind ?? null,
						deleted: final.deleted_at !== null
					}
				: null
		};
		return { room, messages };
	}

	page(head: number, from: { before?: number; after?: number }, limit: number): Page {
		const { messages } = this.snapshot(head);
		const { before, after } = from;
		const chosen =
			after !== undefined
				? messages.filter((one) => one.seq > after).slice(0, limit)
				: messages.filter((one) => before === undefined || one.seq < before).slice(-limit);
		const first = chosen[0]?.seq ?? before ?? head + 1;
		const last = chosen.at(-1)?.seq ?? after ?? 0;
		return {
			messages: chosen,
			lines: [],
			head,
			more_before: messages.some((one) => one.seq < first),
			more_after: messages.some((one) => one.seq > last)
		};
	}
}
