/**
 * The files of one room, page by page, as one has narrowed them.
 *
 * What must stay true: an answer that was asked for before the wish changed is never shown.
 */
import { Problem } from '$lib/api/problem';
import * as calls from './calls';
import type { FileKind, RoomFile } from './wire';

export type Face = 'media' | 'documents' | 'all';

const KINDS: Record<Face, readonly FileKind[]> = {
	media: ['image', 'video'],
	documents: ['pdf', 'document', 'text', 'archive', 'audio', 'other'],
	all: []
};
const PAGE = 60;
const DAY_MS = 86_400_000;

export class Gallery {
	readonly room: string;
	face = $state<Face>('media');
	by = $state('');
	/** As a date field says it: 2026-11-21, or nothing. */
	from = $state('');
	until = $state('');
	files = $state.raw<readonly RoomFile[]>([]);
	more = $state(false);
	loading = $state(false);
	/** The first page has come. */
	loaded = $state(false);
	problem = $state.raw<Problem | null>(null);
	#round = 0;

	constructor(room: string) {
		this.room = room;
	}

	get narrowed(): boolean {
		return this.by !== '' || this.from !== '' || this.until !== '';
	}

	widen(): void {
		this.by = this.from = this.until = '';
	}

	/** From the beginning. */
	load(): Promise<void> {
		this.#round += 1;
		this.loaded = false;
		this.files = [];
		return this.#next(undefined);
	}

	async continue(): Promise<void> {
		if (this.loading || !this.more) return;
		await this.#next(this.files.at(-1)?.seq);
	}

	async #next(older_than: number | undefined): Promise<void> {
		const round = this.#round;
		this.loading = true;
		this.problem = null;
		const wanted = {
			kind: KINDS[this.face],
			limit: PAGE,
			...(this.by && { by: this.by }),
			...(this.from && { after: midnight(this.from) }),
			...(this.until && { before: midnight(this.until) + DAY_MS }),
			...(older_than !== undefined && { older_than })
		};
		try {
			const page = await calls.ofRoom(this.room, wanted);
			if (round !== this.#round) return;
			this.files = [...this.files, ...page.files];
			this.more = page.more;
			this.loaded = true;
		} catch (thrown) {
			if (round === this.#round) this.problem = Problem.from(thrown);
		} finally {
			if (round === this.#round) this.loading = false;
		}
	}
}

/** When a day begins where the reader is, ms. */
function midnight(date: string): number {
	const [year = 1970, month = 1, day = 1] = date.split('-').map(Number);
	return new Date(year, month - 1, day).getTime();
}
