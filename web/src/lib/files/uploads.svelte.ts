/**
 * The one uploader of this page, as the view sees it.
 *
 * What must stay true: there is one of it per session, fetched when a file is first attached or waits to be sent;
 * the view is told at most once per animation frame, however often a part moves.
 */
import { local } from '$lib/local/local';
import { live } from '$lib/live/store.svelte';
import { newId } from '$lib/live/uuid';
import { m } from '$lib/paraglide/messages';
import { session } from '$lib/session/session.svelte';
import { SvelteMap } from 'svelte/reactivity';
import * as calls from './calls';
import { LocalKeep } from './keep';
import { Uploader, type Upload } from './upload';

/** How often, and how far apart (ms), it is looked whether what was kept can be read. */
const RESTORES = 60;
const RESTORE_EVERY = 500;

class Uploads {
	/** Of every room, in the order attached. */
	all = $state.raw<readonly Upload[]>([]);
	/** Pictures and films to look at while they are on their way: object URLs, by file. */
	readonly pictures = new SvelteMap<string, string>();

	#scheduled = false;
	#uploader = new Uploader({
		wire: calls.wire,
		keep: new LocalKeep(),
		later: (act, ms) => setTimeout(act, ms),
		cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
		chance: () => Math.random(),
		changed: () => this.#changed(),
		lost: () => m.files_lost()
	});

	constructor() {
		addEventListener('offline', () => this.#uploader.pause());
		addEventListener('online', () => this.#uploader.go());
		// A server that was away: the gateway knows first when it is back.
		$effect.root(() => {
			$effect(() => {
				if (live.line === 'open') this.#uploader.go();
			});
		});
		session.whenEnding(() => this.#end());
		if (!navigator.onLine) this.#uploader.pause();
		void this.#restore();
	}

	/** What a closed tab left can be read only once this session's key is here, which may take a moment. */
	async #restore(): Promise<void> {
		for (let tries = 0; tries < RESTORES && !local.durable; tries += 1)
			await new Promise((done) => setTimeout(done, RESTORE_EVERY));
		await this.#uploader.restore();
	}

	#changed(): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		const look = () => {
			this.#scheduled = false;
			this.all = this.#uploader.all;
		};
		if (document.visibilityState === 'visible') requestAnimationFrame(look);
		else setTimeout(look, 250);
	}

	of(file: string): Upload | undefined {
		return this.all.find((one) => one.file === file);
	}

	/** Starts sending; the file's id. `instead`: in the place of this one, which is thrown away. */
	add(room: string, bytes: Blob, name: string, instead?: string): string {
		const file = newId();
		if (/^(image|video)\//.test(bytes.type)) this.pictures.set(file, URL.createObjectURL(bytes));
		const meta = { file, room, name, size: bytes.size, media: bytes.type, taken: false };
		this.#uploader.add(meta, bytes, instead);
		this.#release(instead ? [instead] : []);
		return file;
	}

	take(files: readonly string[], taken: boolean): void {
		this.#uploader.take(files, taken);
		this.all = this.#uploader.all;
	}

	cancel(file: string): void {
		this.#uploader.cancel(file);
		this.#release([file]);
	}

	retry(file: string): void {
		this.#uploader.retry(file);
	}

	/** For the outbox: resolves once the server has these files. */
	ready(files: readonly string[]) {
		return this.#uploader.ready(files);
	}

	/** They have been posted; what was shown of them from here is shown from the server now. */
	posted(files: readonly string[]): void {
		this.#uploader.forget(files);
		this.#release(files);
	}

	#release(files: readonly string[]): void {
		this.all = this.#uploader.all;
		for (const file of files) {
			const url = this.pictures.get(file);
			if (url) URL.revokeObjectURL(url);
			this.pictures.delete(file);
		}
	}

	async #end(): Promise<void> {
		await this.#uploader.stop();
		this.#release([...this.pictures.keys()]);
	}
}

export const uploads = new Uploads();
