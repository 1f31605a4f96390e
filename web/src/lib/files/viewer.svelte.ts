/**
 * What lies over the page to be looked at: pictures one after another, a PDF, a text, a film.
 *
 * What must stay true: Back and Escape close it, and the focus returns to what opened it.
 */
import { goto, pushState } from '$app/navigation';
import { page } from '$app/state';
import type { FileInfo } from './wire';

/** A file, and where it was said. */
export interface Shown {
	file: FileInfo;
	room: string;
	message: string;
	by: string;
	at: number;
}

/** The state of the address while it is open. */
const OVER = 'viewer';

class Viewer {
	items = $state.raw<readonly Shown[]>([]);
	at = $state(0);
	#opener: HTMLElement | null = null;

	get open(): boolean {
		return page.state.over === OVER && this.items.length > 0;
	}

	get item(): Shown | undefined {
		return this.items[this.at];
	}

	show(items: readonly Shown[], file: string): void {
		this.#opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
		this.items = items;
		this.at = Math.max(
			0,
			items.findIndex((one) => one.file.id === file)
		);
		pushState('', { over: OVER });
	}

	step(by: 1 | -1): void {
		const next = this.at + by;
		if (next >= 0 && next < this.items.length) this.at = next;
	}

	close = (): void => {
		if (page.state.over === OVER) history.back();
	};

	/** After it has gone from the page. */
	giveBack(): void {
		const { activeElement: now } = document;
		if (this.#opener?.isConnected && (!now || now === document.body))
			this.#opener.focus({ preventScroll: true });
		this.#opener = null;
	}

	/** To where it was said; the address of the viewer is replaced, so that Back leads where one was before. */
	jump(item: Shown): void {
		this.#opener = null;
		void goto(`/rooms/${item.room}/messages/${item.message}`, { replaceState: true, state: {} });
	}
}

export const viewer = new Viewer();
