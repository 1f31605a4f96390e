/**
 * What lies beside what is being written, in each room: photographs that are made smaller, files on their way.
 *
 * What must stay true: what was attached stays attached while one looks elsewhere, in its order, and is gone from
 * here only when it was sent or thrown away.
 */
import { m } from '$lib/paraglide/messages';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Small } from './prepare';
import type { Upload } from './upload';
import { uploads } from './uploads.svelte';

/** Most files of one message (the server's limit). */
export const MOST = 20;

interface Preparing {
	key: number;
	room: string;
	name: string;
	size: number;
}

/** A photograph that can be sent smaller or as it was taken. */
interface Photo {
	source: File;
	small: Small;
}

class Trays {
	/** Being made smaller just now, in the order attached. */
	preparing = $state.raw<readonly Preparing[]>([]);
	/** By file id. */
	readonly #photos = new SvelteMap<string, Photo>();
	/** Rooms where photographs go as they were taken. */
	readonly #originals = new SvelteSet<string>();
	/** Why something was not attached, by room. */
	readonly #notes = new SvelteMap<string, string>();
	#line: Promise<void> = Promise.resolve();
	#key = 0;

	of(room: string): Upload[] {
		return uploads.all.filter((one) => one.room === room && !one.taken);
	}

	preparingIn(room: string): readonly Preparing[] {
		return this.preparing.filter((one) => one.room === room);
	}

	note(room: string): string {
		return this.#notes.get(room) ?? '';
	}

	say(room: string, words: string): void {
		this.#notes.set(room, words);
	}

	isEmpty(room: string): boolean {
		return this.of(room).length === 0 && this.preparingIn(room).length === 0;
	}

	add(room: string, files: readonly File[]): void {
		const free = MOST - this.of(room).length - this.preparingIn(room).length;
		this.#notes.delete(room);
		if (files.length > free) this.say(room, m.files_too_many({ limit: MOST }));
		for (const file of files.slice(0, Math.max(0, free))) {
			const preparing = { key: (this.#key += 1), room, name: file.name, size: file.size };
			this.preparing = [...this.preparing, preparing];
			// One at a time: a decoded photograph is large, and so the order stays.
			this.#line = this.#line.then(() => this.#attach(preparing, file));
		}
	}

	async #attach(preparing: Preparing, source: File): Promise<void> {
		const made = await import('./prepare').then(({ small }) => small(source)).catch(() => null);
		// Taken off the tray while it was being made smaller.
		if (!this.preparing.includes(preparing)) return;
		const { room } = preparing;
		const asTaken = !made || this.#originals.has(room);
		const file = uploads.add(room, asTaken ? source : made.bytes, asTaken ? source.name : made.name);
		if (made) this.#photos.set(file, { source, small: made });
		this.preparing = this.preparing.filter((one) => one !== preparing);
	}

	/** Everything attached so far is an upload. */
	async settled(): Promise<void> {
		await this.#line;
	}

	/** Resolves once a closed tab does not lose these. */
	kept(files: readonly string[]): Promise<void> {
		return uploads.kept(files);
	}

	remove(room: string, one: Upload | Preparing): void {
		this.#notes.delete(room);
		if ('key' in one) this.preparing = this.preparing.filter((other) => other !== one);
		else {
			this.#photos.delete(one.file);
			uploads.cancel(one.file);
		}
		if (this.isEmpty(room)) this.#originals.delete(room);
	}

	/** What was made smaller, and what that saves. */
	shrunk(room: string): { count: number; from: number; to: number } {
		let [count, from, to] = [0, 0, 0];
		for (const { file } of this.of(room)) {
			const photo = this.#photos.get(file);
			if (!photo) continue;
			count += 1;
			from += photo.source.size;
			to += photo.small.bytes.size;
		}
		return { count, from, to };
	}

	originals(room: string): boolean {
		return this.#originals.has(room);
	}

	setOriginals(room: string, on: boolean): void {
		if (on) this.#originals.add(room);
		else this.#originals.delete(room);
		for (const { file } of this.of(room)) {
			const photo = this.#photos.get(file);
			if (!photo) continue;
			const made = on
				? uploads.add(room, photo.source, photo.source.name, file)
				: uploads.add(room, photo.small.bytes, photo.small.name, file);
			this.#photos.delete(file);
			this.#photos.set(made, photo);
		}
	}

	/** They go with a letter now: the tray is empty again. */
	take(room: string): string[] {
		const files = this.of(room).map(({ file }) => file);
		uploads.take(files, true);
		for (const file of files) this.#photos.delete(file);
		this.#originals.delete(room);
		this.#notes.delete(room);
		return files;
	}
}

export const trays = new Trays();
