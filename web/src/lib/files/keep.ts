/**
 * Where bytes wait until the server has them.
 *
 * What must stay true: what was dropped is gone from here, also when it was only just being written.
 */
import { local, PIECE } from '$lib/local/local';
import type { Keep, Meta } from './upload';

/** In this page's memory only: gone with the tab. */
export class MemoryKeep implements Keep {
	#held = new Map<string, { meta: Meta; bytes: Blob | null }>();

	all = async (): Promise<Meta[]> => [...this.#held.values()].map(({ meta }) => meta);
	put = async (meta: Meta, bytes: Blob): Promise<void> => void this.#held.set(meta.file, { meta, bytes });
	note = async (meta: Meta): Promise<void> => {
		const held = this.#held.get(meta.file);
		if (held) this.#held.set(meta.file, { ...held, meta });
	};
	has = async (file: string): Promise<boolean> => !!this.#held.get(file)?.bytes;
	piece = async (file: string, from: number, to: number): Promise<Blob | null> =>
		this.#held.get(file)?.bytes?.slice(from, to) ?? null;
	shed = async (file: string): Promise<void> => {
		const held = this.#held.get(file);
		if (held) this.#held.set(file, { ...held, bytes: null });
	};
	drop = async (file: string): Promise<void> => void this.#held.delete(file);
	clear = async (): Promise<void> => this.#held.clear();
}

/** In this browser, sealed: a closed tab goes on where it stopped. */
export class LocalKeep implements Keep {
	/** What is being done with each file: one thing after the other, or a dropped one would be written again. */
	#line = new Map<string, Promise<void>>();

	#next(file: string, act: () => Promise<void>): Promise<void> {
		const before = this.#line.get(file) ?? Promise.resolve();
		const next = before.catch(() => {}).then(act);
		this.#line.set(file, next);
		return next;
	}

	all = async (): Promise<Meta[]> => (await local.all<Meta>('uploads')).map(([, meta]) => meta);

	put = (meta: Meta, bytes: Blob): Promise<void> =>
		this.#next(meta.file, async () => {
			// Otherwise it would only be copied into this page's memory, where it is already.
			if (!local.durable) throw new Error('there is no key to seal it with');
			await local.keepFile(meta.file, bytes);
			// The bytes first: what is listed here can be sent.
			await local.put('uploads', meta.file, meta);
		});

	note = (meta: Meta): Promise<void> => this.#next(meta.file, () => local.put('uploads', meta.file, meta));

	has = async (file: string): Promise<boolean> => (await local.get('files', file)) !== null;

	piece = async (file: string, from: number, to: number): Promise<Blob | null> => {
		const bytes: ArrayBuffer[] = [];
		for (let at = from; at < to;) {
			const number = Math.floor(at / PIECE);
			const piece = await local.piece(file, number);
			if (!piece) return null;
			const start = number * PIECE;
			const end = Math.min(to, start + piece.byteLength);
			if (end <= at) return null;
			bytes.push(piece.slice(at - start, end - start));
			at = end;
		}
		return new Blob(bytes);
	};

	shed = (file: string): Promise<void> => this.#next(file, () => local.dropFile(file));

	drop = (file: string): Promise<void> =>
		this.#next(file, async () => {
			await local.drop('uploads', file);
			await local.dropFile(file);
		});

	/** The store wipes itself with the session. */
	clear = async (): Promise<void> => {};
}
