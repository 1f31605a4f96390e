/**
 * What was begun and not sent, per room.
 *
 * What must stay true: a draft survives a reload and goes with its member; it is gone once it is sent.
 */
import { keep, kept } from '$lib/i18n/keep';
import type { Label } from '$lib/live/wire';
import { session } from '$lib/session/session.svelte';
import { SvelteMap } from 'svelte/reactivity';

export interface Draft {
	text: string;
	/** Names put in by completion: shown name → member. */
	picked: [string, string][];
	label: Label | null;
	reply_to: string | null;
}

class Drafts {
	readonly #of = new SvelteMap<string, Draft>();
	#member = '';

	/** Reads what this member left behind in this browser. */
	start(member: string): void {
		if (member === this.#member) return;
		if (this.#member === '') session.whenEnding(() => this.clear());
		this.#member = member;
		this.#of.clear();
		try {
			const all: unknown = JSON.parse(kept(this.#key) ?? '{}');
			for (const [room, draft] of Object.entries(all as Record<string, Draft>))
				if (typeof draft.text === 'string') this.#of.set(room, draft);
		} catch {
			// Written by another version: there is nothing to go on with.
		}
	}

	get #key(): string {
		return `drafts.${this.#member}`;
	}

	get(room: string): Draft | undefined {
		return this.#of.get(room);
	}

	set(room: string, draft: Draft): void {
		if (draft.text.trim() === '' && !draft.label && !draft.reply_to) this.#of.delete(room);
		else this.#of.set(room, draft);
		this.#save();
	}

	drop(room: string): void {
		if (this.#of.delete(room)) this.#save();
	}

	/** The session has ended. */
	clear(): void {
		this.#of.clear();
		keep(this.#key, null);
		this.#member = '';
	}

	#save(): void {
		keep(this.#key, this.#of.size > 0 ? JSON.stringify(Object.fromEntries(this.#of)) : null);
	}
}

export const drafts = new Drafts();
