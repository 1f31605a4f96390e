/**
 * What is being written in one room: the words, who is named in them, the label.
 *
 * What must stay true: nothing typed is lost by looking elsewhere. A draft is kept as one types,
 * and while an old message is edited the new one waits beside it.
 */
import { trays } from '$lib/files/trays.svelte';
import { uploads } from '$lib/files/uploads.svelte';
import { Problem } from '$lib/api/problem';
import { schedule as keep } from '$lib/later/calls';
import { later } from '$lib/later/later.svelte';
import * as calls from '$lib/live/calls';
import { newId } from '$lib/live/uuid';
import { live } from '$lib/live/store.svelte';
import type { Label, Message } from '$lib/live/wire';
import { m } from '$lib/paraglide/messages';
import type { Desk } from './desk.svelte';
import { drafts } from './drafts.svelte';
import { fromWire, toWire } from './mentions';
import { mentionName } from './names';

/** Code points of one message (R34). */
export const LIMIT = 8_000;
/** From here on the writer is told how many are left. */
export const NEAR_LIMIT = 7_500;
/** Milliseconds of quiet before a draft is written down. */
const REST = 400;

export class Composing {
	#desk: Desk;
	text = $state('');
	label = $state<Label | null>(null);
	/** Why it was not sent, in words. */
	refusal = $state('');
	saving = $state(false);
	#picked = new Map<string, string>();
	/** The new message, while an old one is edited. */
	#aside: { text: string; picked: Map<string, string> } | null = null;
	#edited: Message | null = null;
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** As it was taken up: unchanged since, it may be replaced by what came from another device. */
	#taken = '';

	constructor(desk: Desk) {
		this.#desk = desk;
	}

	get room(): string {
		return this.#desk.room.id;
	}

	readonly length = $derived.by(() => (this.text.length < NEAR_LIMIT / 2 ? 0 : codePoints(this.wire)));
	/** Nothing to send: neither words nor, with a new message, anything attached. */
	readonly blank = $derived.by(
		() => this.text.trim() === '' && (!!this.#desk.editing || trays.isEmpty(this.room))
	);

	/** As it goes to the server. */
	get wire(): string {
		return toWire(this.text, this.#picked).normalize('NFC');
	}

	/** Takes up what was left here. */
	load(): void {
		const draft = drafts.get(this.room);
		this.text = draft?.text ?? '';
		this.label = draft?.label ?? null;
		this.#picked = new Map(draft?.picked ?? []);
		this.#taken = this.text;
		this.refusal = '';
		const reply = draft?.reply_to;
		if (reply && this.#desk.replying?.id !== reply)
			void this.#desk.room.find(reply).then(
				(found) => (this.#desk.replying ??= found),
				() => {}
			);
	}

	/** A newer draft came from elsewhere. What is being typed here stays. */
	refill(): void {
		if (!this.#edited && this.text === this.#taken) this.load();
	}

	typed(): void {
		this.refusal = '';
		this.keepSoon();
		if (this.text.trim() !== '' && !this.#edited) live.type(this.room);
	}

	pick(name: string, member: string): void {
		this.#picked.set(name, member);
	}

	keepSoon(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.keep(), REST);
	}

	/** Writes the draft down now. */
	keep(): void {
		clearTimeout(this.#timer);
		const { text, picked } = this.#aside ?? { text: this.text, picked: this.#picked };
		drafts.set(this.room, {
			text,
			picked: [...picked].filter(([name]) => text.includes(name)),
			label: this.label,
			reply_to: this.#desk.replying?.id ?? null
		});
	}

	/** Begins, or ends, editing an old message; what was being written waits meanwhile. */
	edit(message: Message | null): void {
		if (message?.id === this.#edited?.id) return;
		if (message && !this.#aside) this.#aside = { text: this.text, picked: this.#picked };
		this.#edited = message;
		this.refusal = '';
		if (message) {
			const { text, picked } = fromWire(message.text ?? '', mentionName);
			this.text = text;
			this.#picked = picked;
		} else if (this.#aside) {
			this.text = this.#aside.text;
			this.#picked = this.#aside.picked;
			this.#aside = null;
		}
	}

	/** Sends, or saves the edit. `true`: it is on its way. */
	async send(): Promise<boolean> {
		if (this.blank || this.saving) return false;
		const text = this.wire;
		this.refusal = tooLong(text);
		if (this.refusal) return false;
		if (this.#edited) return this.#save(this.#edited, text);
		const files = trays.isEmpty(this.room) ? [] : await this.#attached();
		if (!files) return false;
		const words = { room: this.room, text, label: this.label, reply_to: this.#desk.replying?.id ?? null };
		const written = this.text;
		const kept = live.post({ ...words, files });
		// A file cannot be written once more: with it the field waits until a closed tab would lose nothing.
		if (files.length > 0) await this.#busy(Promise.all([kept, trays.kept(files)]));
		// What was typed meanwhile is the beginning of the next.
		const next = this.text.startsWith(written) ? this.text.slice(written.length) : this.text;
		this.#clear();
		if (next !== '') {
			this.text = next;
			this.keepSoon();
		}
		this.#desk.room.unreadMark = null;
		this.#desk.toEnd();
		return true;
	}

	/** Leaves it with the server, to be sent at `at`. The words of a refusal; empty when it is kept. */
	async schedule(at: number): Promise<string> {
		const text = this.wire;
		const refusal = tooLong(text);
		if (refusal) return refusal;
		const reply_to = this.#desk.replying?.id ?? null;
		await trays.settled();
		const files = trays.of(this.room).map(({ file }) => file);
		// What is left with the server for later is there whole: this browser may be closed by then.
		const outcome = files.length > 0 ? await uploads.ready(files) : null;
		if (outcome) return outcome.is === 'refused' ? outcome.why() : m.problem_network();
		try {
			await keep(newId(), { room: this.room, text, label: this.label, reply_to, files, at });
			await later.load('schedules');
		} catch (thrown) {
			return Problem.from(thrown).words;
		}
		trays.take(this.room);
		uploads.posted(files);
		this.#clear();
		return '';
	}

	/** It went out: the field is free for the next. */
	#clear(): void {
		clearTimeout(this.#timer);
		this.text = this.#taken = '';
		this.label = null;
		this.#picked.clear();
		this.#desk.replying = null;
		drafts.drop(this.room);
	}

	/** What goes along; `null`: something of it cannot be sent, and that is said. */
	async #attached(): Promise<string[] | null> {
		await this.#busy(trays.settled());
		if (trays.of(this.room).some((one) => one.phase === 'refused')) {
			this.refusal = m.files_refused();
			return null;
		}
		await this.#busy(trays.kept(trays.of(this.room).map(({ file }) => file)));
		return trays.take(this.room);
	}

	/** Nothing else is sent while this goes on. */
	async #busy(doing: Promise<unknown>): Promise<void> {
		this.saving = true;
		try {
			await doing;
		} finally {
			this.saving = false;
		}
	}

	async #save(message: Message, text: string): Promise<boolean> {
		if (text === message.text) {
			this.#desk.editing = null;
			return true;
		}
		this.saving = true;
		try {
			await calls.edit(this.room, message.id, text);
			this.#desk.editing = null;
			return true;
		} catch (thrown) {
			this.refusal = Problem.from(thrown).words;
			return false;
		} finally {
			this.saving = false;
		}
	}
}

/** Why it cannot go as it is; empty when it can. */
function tooLong(text: string): string {
	const count = codePoints(text);
	if (count <= LIMIT) return '';
	return m.talk_too_long({ count: count.toLocaleString(), over: (count - LIMIT).toLocaleString() });
}

function codePoints(text: string): number {
	let count = 0;
	for (const _ of text) count += 1;
	return count;
}
