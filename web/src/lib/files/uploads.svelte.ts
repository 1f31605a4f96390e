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

/** The longest that a letter's files wait for this browser's key, ms: without one nothing was kept. */
const KEY_WITHIN = 30_000;

class Uploads {
	/** Of every room, in the order attached. */
	all = $state.raw<readonly Upload[]>([]);
	/** Pictures and films to look at while they are on their way: object URLs, by file. */
	readonly pictures = new SvelteMap<string, string>();

	#scheduled = false;
	/** What a closed tab left has been taken up. */
	#restored: Promise<void>;
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
		const late = new Promise<void>((done) => setTimeout(done, KEY_WITHIN));
		this.#restored = Promise.race([this.#restore().catch(() => {}), late]);
	}

	/** What a closed tab left can be read, and what is attached here kept, only once this session's key is here. */
	async #restore(): Promise<void> {
		await local.opened();
		await this.#uploader.restore();
		void this.#uploader.secure();
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
	async ready(files: readonly string[]) {
		// What a closed tab kept of them comes before asking the server, which may not have heard of them.
		if (!files.every((file) => this.#uploader.knows(file))) await this.#restored;
		const ready = this.#uploader.ready(files);
		// Its tab was closed between the letter and the note that they belong to it.
		const loose = this.#uploader.all.filter((one) => files.includes(one.file) && !one.taken);
		if (loose.length > 0) this.take(files, true);
		return ready;
	}

	/** Resolves once a closed tab does not lose these, as far as this browser can keep them. */
	kept(files: readonly string[]): Promise<void> {
		return this.#uploader.kept(files);
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
