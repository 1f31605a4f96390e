/**
 * What was begun and not sent, per room.
 *
 * What must stay true: a draft survives a reload and follows its member from device to device; it is
 * gone once it is sent; and what is being typed here is never replaced by what came from elsewhere.
 */
import { carried } from '$lib/api/client';
import { live } from '$lib/live/store.svelte';
import type { Label } from '$lib/live/wire';
import { local } from '$lib/local/local';
import { session } from '$lib/session/session.svelte';
import { SvelteMap } from 'svelte/reactivity';

export interface Draft {
	text: string;
	/** Names put in by completion: shown name → member. */
	picked: [string, string][];
	label: Label | null;
	reply_to: string | null;
}

/** A draft with its age; `text` and all empty: it was taken away then. */
interface Kept extends Draft {
	/** Ms since the epoch. */
	at: number;
	/** The server does not know it yet. */
	ahead: boolean;
}

interface FromServer extends Draft {
	room: string;
	at: number;
}

/** Milliseconds of quiet before the server is told; before what was sent is forgotten here; before trying again. */
const REST = 1_500;
const LINGER = 1_000;
const AGAIN = 15_000;

const NOTHING: Draft = { text: '', picked: [], label: null, reply_to: null };
const isEmpty = (one: Draft) => one.text.trim() === '' && !one.label && !one.reply_to;

class Drafts {
	readonly #of = new SvelteMap<string, Kept>();
	#member = '';
	#timers = new Map<string, ReturnType<typeof setTimeout>>();
	#open: { room: string; refill: () => void } | null = null;
	#channel: BroadcastChannel | null = null;

	/** Reads what this member left behind in this browser, then what they left elsewhere. */
	async start(member: string): Promise<void> {
		if (member === this.#member) return;
		if (this.#member === '') session.whenEnding(() => this.clear());
		this.#member = member;
		this.#of.clear();
		await this.load();
		if (typeof BroadcastChannel !== 'undefined') {
			this.#channel = new BroadcastChannel('kairan.drafts');
			this.#channel.onmessage = () => void this.load();
		}
		live.whenOpen(this.#again);
		live.whenMine('drafts', this.#again);
		void this.refresh();
	}

	/** What is kept here, which may have come from another tab. */
	async load(): Promise<void> {
		for (const [room, kept] of await local.all<Kept>('drafts').catch((): [string, Kept][] => []))
			if (!this.#of.has(room) || kept.at > (this.#of.get(room)?.at ?? 0)) this.#take(room, kept);
	}

	get(room: string): Draft | undefined {
		const kept = this.#of.get(room);
		return kept && !isEmpty(kept) ? kept : undefined;
	}

	/** The room whose composer is open, and how to show there what came from elsewhere while nobody was typing. */
	watch(room: string, refill: () => void): () => void {
		const open = { room, refill };
		this.#open = open;
		return () => {
			if (this.#open === open) this.#open = null;
		};
	}

	set(room: string, draft: Draft): void {
		const before = this.#of.get(room) ?? NOTHING;
		if (same(before, draft)) return;
		if (isEmpty(draft)) return this.drop(room);
		this.#keep(room, { ...draft, at: Date.now(), ahead: true });
		this.#tell(room, REST);
	}

	/** Sent or thrown away. */
	drop(room: string): void {
		if (!this.#of.has(room)) return;
		this.#of.set(room, { ...NOTHING, at: Date.now(), ahead: true });
		// The letter that took the words along is kept first.
		this.#tell(room, LINGER);
	}

	#again = (): void => void this.refresh();

	/** The session has ended. */
	clear(): void {
		for (const timer of this.#timers.values()) clearTimeout(timer);
		this.#timers.clear();
		this.#of.clear();
		this.#channel?.close();
		this.#member = '';
	}

	/** What is newer on the server is taken over. */
	async refresh(): Promise<void> {
		let drafts: FromServer[];
		try {
			const response = await carried(new Request('/api/v1/drafts'));
			if (!response.ok) return;
			drafts = ((await response.json()) as { drafts: FromServer[] }).drafts;
		} catch {
			return;
		}
		const there = new Set(drafts.map((one) => one.room));
		for (const { room, ...draft } of drafts) {
			const mine = this.#of.get(room);
			if (!mine || draft.at > mine.at) this.#take(room, { ...draft, ahead: false });
		}
		// Sent, or taken away, on another device.
		for (const [room, mine] of this.#of)
			if (!mine.ahead && !there.has(room)) this.#take(room, { ...NOTHING, at: mine.at, ahead: false });
		for (const [room, mine] of this.#of) if (mine.ahead && !this.#timers.has(room)) this.#tell(room, REST);
	}

	#take(room: string, kept: Kept): void {
		const changed = !same(this.#of.get(room) ?? NOTHING, kept);
		this.#of.set(room, kept);
		this.#store(room, kept);
		if (changed && this.#open?.room === room) this.#open.refill();
	}

	#keep(room: string, kept: Kept): void {
		this.#of.set(room, kept);
		this.#store(room, kept);
	}

	#store(room: string, kept: Kept): void {
		const done = isEmpty(kept) && !kept.ahead ? local.drop('drafts', room) : local.put('drafts', room, kept);
		void done.catch(() => {});
	}

	#tell(room: string, ms: number): void {
		clearTimeout(this.#timers.get(room));
		this.#timers.set(
			room,
			setTimeout(() => {
				this.#timers.delete(room);
				void this.#send(room);
			}, ms)
		);
	}

	async #send(room: string): Promise<void> {
		const kept = this.#of.get(room);
		if (!kept?.ahead) return;
		this.#store(room, kept);
		this.#channel?.postMessage(room);
		const { ahead: _, ...draft } = kept;
		try {
			const response = await carried(
				new Request(`/api/v1/rooms/${room}/draft`, {
					method: isEmpty(kept) ? 'DELETE' : 'PUT',
					...(!isEmpty(kept) && {
						headers: { 'content-type': 'application/json' },
						body: JSON.stringify(draft)
					})
				})
			);
			// A room that is no longer there keeps no draft; anything else is tried again.
			if (!response.ok && response.status !== 404) return this.#tell(room, AGAIN);
		} catch {
			return this.#tell(room, AGAIN);
		}
		if (this.#of.get(room) === kept) this.#keep(room, { ...kept, ahead: false });
	}
}

function same(a: Draft, b: Draft): boolean {
	return (
		a.text === b.text &&
		a.label === b.label &&
		a.reply_to === b.reply_to &&
		JSON.stringify(a.picked) === JSON.stringify(b.picked)
	);
}

export const drafts = new Drafts();
