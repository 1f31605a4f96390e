/** Bytes in this page's memory only: gone with the tab. What keeps them longer has the same face. */
import type { Keep, Meta } from './upload';

export class MemoryKeep implements Keep {
	#held = new Map<string, { meta: Meta; bytes: Blob }>();

	all = async (): Promise<Meta[]> => [...this.#held.values()].map(({ meta }) => meta);
	put = async (meta: Meta, bytes: Blob): Promise<void> => void this.#held.set(meta.file, { meta, bytes });
	note = async (meta: Meta): Promise<void> => {
		const held = this.#held.get(meta.file);
		if (held) this.#held.set(meta.file, { ...held, meta });
	};
	has = async (file: string): Promise<boolean> => this.#held.has(file);
	piece = async (file: string, from: number, to: number): Promise<Blob | null> =>
		this.#held.get(file)?.bytes.slice(from, to) ?? null;
	drop = async (file: string): Promise<void> => void this.#held.delete(file);
	clear = async (): Promise<void> => this.#held.clear();
}
