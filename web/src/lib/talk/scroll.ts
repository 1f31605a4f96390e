/**
 * Keeping one's place in a conversation that grows at both ends.
 *
 * What must stay true: what is being read does not move when something is added, removed or
 * measured anew above or below it (0 px), and at the end one stays at the end.
 *
 * The scroller is laid out `column-reverse`: its zero is the end of the conversation, and places
 * further up are negative. The browser's own anchoring is switched off there, because it and
 * this would both correct.
 */

/** This near to the end counts as at the end, in px: less than a line. */
const END = 24;

export class Keeper {
	#scroller: HTMLElement;
	#list: HTMLElement;
	/** The row held, how far below the upper edge of the scroller it stands, and where one had scrolled to. */
	#held: { row: HTMLElement; top: number; at: number } | null = null;

	/** The row one was brought to, as long as one has not scrolled since. */
	#brought: HTMLElement | null = null;
	#complete: () => boolean;

	/** `complete`: what is loaded reaches the end of the conversation. Its foot is no end otherwise. */
	constructor(scroller: HTMLElement, list: HTMLElement, complete: () => boolean) {
		this.#scroller = scroller;
		this.#list = list;
		this.#complete = complete;
	}

	get atEnd(): boolean {
		return -this.#scroller.scrollTop < END && this.#complete();
	}

	/** Room left to scroll, in px. */
	get above(): number {
		return this.#scroller.scrollHeight - this.#scroller.clientHeight + this.#scroller.scrollTop;
	}
	get below(): number {
		return -this.#scroller.scrollTop;
	}

	/** The last row of which at least `shown` px are in sight. */
	lastInSight(shown: number): HTMLElement | null {
		const edge = this.#top + this.#scroller.clientHeight - shown;
		const next = this.#find((row) => row.getBoundingClientRect().top > edge);
		return (next ? next.previousElementSibling : this.#list.lastElementChild) as HTMLElement | null;
	}

	/** The first row for which it holds, by halving: rows stand in order. */
	#find(holds: (row: HTMLElement) => boolean): HTMLElement | null {
		const rows = this.#list.children;
		let low = 0;
		let high = rows.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (holds(rows[middle] as HTMLElement)) high = middle;
			else low = middle + 1;
		}
		return (rows[low] as HTMLElement | undefined) ?? null;
	}

	get #top(): number {
		return this.#scroller.getBoundingClientRect().top;
	}

	/** Remembers where one is. After every scroll. */
	hold(): void {
		// What one was brought to is held itself until one scrolls: rows beside it are still being measured.
		const held = this.#held;
		const still = held && Math.abs(this.#scroller.scrollTop - held.at) < 1;
		if (still && held.row === this.#brought && held.row.isConnected) return;
		this.#grasp();
	}

	#grasp(): void {
		this.#brought = null;
		// The lowest in sight: the highest may lose its name when what comes before it is loaded.
		let row = this.atEnd ? null : this.lastInSight(1);
		// A day's line moves up when more of that day is loaded above it: only messages stand still.
		while (row && !row.querySelector('article')) row = row.previousElementSibling as HTMLElement | null;
		this.#keep(row);
	}

	#keep(row: HTMLElement | null): void {
		this.#held = row && {
			row,
			top: row.getBoundingClientRect().top - this.#top,
			at: this.#scroller.scrollTop
		};
	}

	/**
	 * Puts what was held back where it was, after rows were measured anew. How far one has scrolled
	 * meanwhile is one's own doing, and stays.
	 */
	restore(): void {
		const held = this.#held;
		if (!held?.row.isConnected) return;
		const scrolled = this.#scroller.scrollTop - held.at;
		const moved = held.row.getBoundingClientRect().top - this.#top - held.top;
		this.#shift(moved + scrolled);
	}

	/**
	 * Makes a change to the rows without moving what is read. Nobody scrolls during it, but the
	 * browser may: when rows go, it cuts what can be scrolled, and that is made good here.
	 */
	during(change: () => void): void {
		this.#grasp();
		const held = this.#held;
		change();
		if (held?.row.isConnected) this.#shift(held.row.getBoundingClientRect().top - this.#top - held.top);
	}

	#shift(by: number): void {
		if (Math.abs(by) >= 0.5) this.#scroller.scrollTop += by;
		this.#keep(this.#held?.row ?? null);
	}

	/** Brings a row to a place, and holds it there while the rows around it are measured. */
	bring(row: HTMLElement, place: 'top' | 'middle'): void {
		const box = row.getBoundingClientRect();
		const free = Math.max(0, this.#scroller.clientHeight - box.height);
		const top = place === 'top' ? Math.min(72, free) : free / 2;
		this.#scroller.scrollTop += box.top - this.#top - top;
		// Too near the end to stand there: then one is at the end, and stays there.
		this.#brought = this.atEnd ? null : row;
		this.#keep(this.#brought);
	}

	toEnd(): void {
		this.#held = null;
		this.#scroller.scrollTop = 0;
	}
}
