/**
 * One search: its words, what they found so far, and whether there is more.
 *
 * What must stay true: an answer that comes late, after the words have changed, is thrown away.
 */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { components } from '$lib/api/schema';

export type Found = components['schemas']['SearchAnswer'];
export type Hit = Found['messages'][number];
export type Order = 'new' | 'best';

class Finding {
	q = $state('');
	order = $state<Order>('new');
	hits = $state.raw<readonly Hit[]>([]);
	people = $state.raw<Found['people']>([]);
	rooms = $state.raw<Found['rooms']>([]);
	query = $state.raw<Found['query'] | null>(null);
	next = $state<string | null>(null);
	lag = $state<number | null>(null);
	busy = $state(false);
	/** The words that the shown answer belongs to. */
	answered = $state('');
	problem = $state.raw<Problem | null>(null);
	#turn = 0;

	/** Begins anew. Blank words show nothing. */
	async find(q: string, order: Order): Promise<void> {
		const same = q === this.q && order === this.order && this.query !== null;
		this.q = q;
		this.order = order;
		if (same) return;
		this.problem = null;
		if (q.trim() === '') return this.clear();
		const turn = ++this.#turn;
		this.busy = true;
		try {
			const found = await this.#ask(null);
			if (turn !== this.#turn) return;
			this.hits = found.messages;
			this.people = found.people;
			this.rooms = found.rooms;
			this.query = found.query;
			this.next = found.next ?? null;
			this.lag = found.lag_ms ?? null;
			this.answered = q;
		} catch (thrown) {
			if (turn !== this.#turn) return;
			this.#forget();
			this.problem = Problem.from(thrown);
		} finally {
			if (turn === this.#turn) this.busy = false;
		}
	}

	async more(): Promise<void> {
		if (!this.next || this.busy) return;
		const turn = this.#turn;
		this.busy = true;
		try {
			const found = await this.#ask(this.next);
			if (turn !== this.#turn) return;
			const there = new Set(this.hits.map(({ message }) => message.id));
			this.hits = [...this.hits, ...found.messages.filter(({ message }) => !there.has(message.id))];
			this.next = found.next ?? null;
		} catch (thrown) {
			if (turn === this.#turn) this.problem = Problem.from(thrown);
		} finally {
			if (turn === this.#turn) this.busy = false;
		}
	}

	clear(): void {
		this.#turn += 1;
		this.busy = false;
		this.q = '';
		this.#forget();
	}

	#forget(): void {
		this.hits = [];
		this.people = [];
		this.rooms = [];
		this.query = null;
		this.next = null;
		this.lag = null;
		this.answered = '';
	}

	#ask(cursor: string | null): Promise<Found> {
		const query = {
			q: this.q,
			sort: this.order,
			zone: -new Date().getTimezoneOffset(),
			...(cursor ? { cursor } : {})
		};
		return answer(api.GET('/api/v1/search', { params: { query } }));
	}
}

export const finding = new Finding();
