/**
 * What one is doing in the room that is open: answering, editing, choosing, and the acts on messages.
 *
 * What must stay true: an act that was refused is said in words, and nothing on the page then
 * looks as if it had happened.
 */
import * as calls from '$lib/live/calls';
import type { LiveRoom } from '$lib/live/room.svelte';
import { later } from '$lib/later/later.svelte';
import { live } from '$lib/live/store.svelte';
import type { Message } from '$lib/live/wire';
import { m } from '$lib/paraglide/messages';
import { may } from '$lib/policy/may';
import { announce } from '$lib/parts/announce.svelte';
import { attempt } from '$lib/parts/attempt';
import type { MenuItem } from '$lib/parts/Menu.svelte';
import { parse, plain } from './markdown';
import { amManager, atName } from './names';

export class Desk {
	readonly room: LiveRoom;
	replying = $state.raw<Message | null>(null);
	editing = $state.raw<Message | null>(null);
	/** Asked whether to delete it. */
	deleting = $state.raw<Message | null>(null);
	/** Its acts are shown as a sheet (long press). */
	sheet = $state.raw<Message | null>(null);
	/** Its readers are shown, beside this element. */
	readers = $state.raw<{ message: string; anchor: HTMLElement | undefined } | null>(null);
	/** Reactions are offered for it, beside this element. */
	reacting = $state.raw<{ message: Message; anchor: HTMLElement | undefined } | null>(null);
	/** Asked when to be told of it again. */
	reminding = $state.raw<Message | null>(null);
	/** Just jumped to. */
	marked = $state<string | null>(null);
	/** Set by the conversation and the composer, which know how. */
	jump: (message: string) => void = () => {};
	write: () => void = () => {};
	toEnd: () => void = () => {};

	constructor(room: LiveRoom) {
		this.room = room;
	}

	get mayWrite(): boolean {
		return !this.room.room.archived && !this.room.state.gone;
	}

	/** Runs an act; a refusal is said in words. */
	attempt = attempt;

	reply(message: Message): void {
		this.editing = null;
		this.replying = message;
		this.write();
	}

	edit(message: Message): void {
		this.replying = null;
		this.editing = message;
		this.write();
	}

	react(message: Message, reaction: string): void {
		const on = !message.reactions.some((one) => one.reaction === reaction && one.members.includes(live.me));
		void this.attempt(calls.react(this.room.id, message.id, reaction, on));
	}

	settle(message: Message, on: boolean): void {
		void this.attempt(calls.settle(this.room.id, message.id, on));
	}

	pin(message: Message, on: boolean): void {
		void this.attempt(calls.pin(this.room.id, message.id, on));
	}

	async bookmark(message: Message, on: boolean): Promise<void> {
		if (await this.attempt(later.bookmark(message.id, on)))
			announce.say(on ? m.later_bookmarked() : m.later_unbookmarked());
	}

	async remove(message: Message): Promise<boolean> {
		return this.attempt(calls.remove(this.room.id, message.id));
	}

	async copy(text: string, said: string): Promise<void> {
		try {
			await navigator.clipboard.writeText(text);
			announce.say(said);
		} catch {
			announce.say(m.talk_copy_failed());
		}
	}

	copyLink(message: Message): void {
		const link = new URL(`/rooms/${this.room.id}/messages/${message.id}`, location.origin);
		void this.copy(link.href, m.talk_copied_link());
	}

	copyText(message: Message): void {
		void this.copy(plain(parse(message.text ?? ''), atName), m.talk_copied_text());
	}

	/** Everything one may do with a message, in the order of the strip and the sheet. `anchor`: what to stand beside. */
	acts(message: Message, anchor: () => HTMLElement | undefined): MenuItem[] {
		if (message.deleted_at !== null) return [];
		const mine = message.author === live.me;
		const items: (MenuItem | false)[] = [
			this.mayWrite && { words: m.talk_reply(), icon: 'reply', act: () => this.reply(message) },
			this.mayWrite && {
				words: m.talk_react(),
				icon: 'smile',
				act: () => (this.reacting = { message, anchor: anchor() })
			},
			this.mayWrite && this.#settling(message),
			this.mayWrite && mine && { words: m.talk_edit(), icon: 'edit', act: () => this.edit(message) },
			this.mayWrite &&
				(message.pinned
					? { words: m.talk_unpin(), icon: 'pin', act: () => this.pin(message, false) }
					: { words: m.talk_pin(), icon: 'pin', act: () => this.pin(message, true) }),
			later.marked.has(message.id)
				? { words: m.later_unbookmark(), icon: 'bookmarked', act: () => this.bookmark(message, false) }
				: { words: m.later_bookmark(), icon: 'bookmark', act: () => this.bookmark(message, true) },
			{ words: m.later_remind(), icon: 'clock', act: () => (this.reminding = message) },
			{ words: m.talk_copy_link(), icon: 'link', act: () => this.copyLink(message) },
			{
				words: m.talk_see_readers(),
				icon: 'eye',
				act: () => (this.readers = { message: message.id, anchor: anchor() })
			},
			{
				words: m.talk_copy_text(),
				icon: 'copy',
				act: () => this.copyText(message),
				...(may().copy ? {} : { disabled: true, hint: m.guard_copy_hint() })
			},
			this.mayWrite &&
				(mine || amManager(this.room.room)) && {
					words: m.talk_delete(),
					icon: 'trash',
					act: () => (this.deleting = message)
				}
		];
		return items.filter((item) => item !== false);
	}

	#settling(message: Message): MenuItem | false {
		if (message.label !== 'consult' && message.label !== 'request') return false;
		if (message.answered)
			return { words: m.talk_reopen(), icon: 'retry', act: () => this.settle(message, false) };
		const words = message.label === 'consult' ? m.talk_settle_consult() : m.talk_settle_request();
		return { words, icon: 'check', act: () => this.settle(message, true) };
	}
}
