/**
 * What I keep for later: unanswered, bookmarked, to be reminded of, to be sent.
 *
 * What must stay true: the server holds the lists; here they are only shown, and read again whenever one of my devices
 * has changed them.
 */
import { Problem } from '$lib/api/problem';
import { live } from '$lib/live/store.svelte';
import type { Message } from '$lib/live/wire';
import { m } from '$lib/paraglide/messages';
import { announce } from '$lib/parts/announce.svelte';
import { session } from '$lib/session/session.svelte';
import { atName } from '$lib/talk/names';
import { preview } from '$lib/talk/preview';
import { SvelteSet } from 'svelte/reactivity';
import * as calls from './calls';

export type Kept = 'unanswered' | 'bookmarks' | 'reminders' | 'schedules';

class Later {
	unanswered = $state.raw<readonly Message[] | null>(null);
	moreUnanswered = $state(false);
	/** How many wait for my answer. */
	waiting = $state(0);
	bookmarks = $state.raw<readonly calls.Bookmark[] | null>(null);
	moreBookmarks = $state(false);
	/** Messages known to be bookmarked: enough to say so beside them. */
	readonly marked = new SvelteSet<string>();
	reminders = $state.raw<readonly calls.Reminder[] | null>(null);
	schedules = $state.raw<readonly calls.Schedule[] | null>(null);
	problem = $state.raw<Problem | null>(null);
	#started = false;
	#counting: ReturnType<typeof setTimeout> | undefined;

	/** Reminders that are due: they ask to be looked at. */
	readonly due = $derived((this.reminders ?? []).filter((one) => one.state === 'due'));
	/** What could not be sent at its time. */
	readonly failed = $derived((this.schedules ?? []).filter((one) => one.state === 'failed'));

	/** Once per session, behind the first page. */
	start(): void {
		if (this.#started) return;
		this.#started = true;
		session.whenEnding(() => this.#stop());
		for (const what of ['reminders', 'schedules', 'bookmarks'] as const)
			live.whenMine(what, () => void this.load(what).catch(() => {}));
		void this.load('reminders').catch(() => {});
		void this.load('schedules').catch(() => {});
		void this.load('bookmarks').catch(() => {});
		this.recount();
	}

	#stop(): void {
		clearTimeout(this.#counting);
		this.#started = false;
		this.unanswered = this.bookmarks = this.reminders = this.schedules = null;
		this.marked.clear();
		this.waiting = 0;
	}

	/** Something was said: whether it waits for me is the server's to know. Asked at most once in a while. */
	recount(wait = 0): void {
		clearTimeout(this.#counting);
		this.#counting = setTimeout(() => {
			void calls.unansweredCount().then(
				({ count }) => this.#counted(count),
				() => {}
			);
		}, wait);
	}

	#counted(count: number): void {
		const stale = this.unanswered !== null && !this.moreUnanswered && count !== this.unanswered.length;
		this.waiting = count;
		if (stale) void this.load('unanswered').catch(() => {});
	}

	/** Reads a list; what went wrong is kept in `problem`. */
	async show(what: Kept): Promise<void> {
		this.problem = null;
		try {
			await this.load(what);
		} catch (thrown) {
			this.problem = Problem.from(thrown);
		}
	}

	async load(what: Kept): Promise<void> {
		switch (what) {
			case 'unanswered': {
				const { messages, more } = await calls.unanswered();
				this.unanswered = messages;
				this.moreUnanswered = more;
				if (!more) this.waiting = messages.length;
				return;
			}
			case 'bookmarks': {
				const { bookmarks, more } = await calls.bookmarks();
				this.bookmarks = bookmarks;
				this.moreBookmarks = more;
				this.marked.clear();
				for (const { message } of bookmarks) this.marked.add(message.id);
				return;
			}
			case 'reminders':
				return this.#remind((await calls.reminders()).reminders);
			case 'schedules':
				this.schedules = (await calls.schedules()).schedules;
				return;
		}
	}

	/** What has become due since the list was last read is said aloud. */
	#remind(reminders: readonly calls.Reminder[]): void {
		const waited = new Set(this.reminders?.filter((one) => one.state === 'set').map((one) => one.id));
		this.reminders = reminders;
		for (const { id, message } of this.due)
			if (waited.has(id)) announce.say(m.later_due_now({ text: preview(message.text ?? '', atName) }));
	}

	async more(what: 'unanswered' | 'bookmarks'): Promise<void> {
		if (what === 'unanswered') {
			const { messages, more } = await calls.unanswered(this.unanswered?.at(-1)?.at);
			this.unanswered = [...(this.unanswered ?? []), ...messages];
			this.moreUnanswered = more;
		} else {
			const { bookmarks, more } = await calls.bookmarks(this.bookmarks?.at(-1)?.at);
			this.bookmarks = [...(this.bookmarks ?? []), ...bookmarks];
			this.moreBookmarks = more;
			for (const { message } of bookmarks) this.marked.add(message.id);
		}
	}

	async bookmark(message: string, on: boolean): Promise<void> {
		await calls.bookmark(message, on);
		if (on) this.marked.add(message);
		else this.marked.delete(message);
		await this.load('bookmarks');
	}
}

export const later = new Later();
