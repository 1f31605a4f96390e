/**
 * The page's side of the worker beside it: registers it, tells when a new version waits, passes on what is read.
 *
 * What must stay true: a page is never loaded anew under someone's hands; the new version comes when they say so.
 */
import { goto } from '$app/navigation';
import { language } from '$lib/i18n/language.svelte';
import { BrowserShelf } from '$lib/local/shelf';
import { session } from '$lib/session/session.svelte';
import { quiet } from './quiet';
import type { FromWorker, ToWorker } from './words';

/** Milliseconds between two questions for a new version. */
const ASK_EVERY = 60 * 60_000;

class Worker {
	/** A new version is here and waits. */
	waiting = $state(false);
	#registration: ServiceWorkerRegistration | null | undefined;
	#started = false;
	#askedAt = 0;
	#wanted = false;

	async start(): Promise<void> {
		const { serviceWorker } = navigator;
		if (!serviceWorker || this.#started) return;
		this.#started = true;
		serviceWorker.addEventListener('message', ({ data }) => this.#hear(data as FromWorker));
		serviceWorker.addEventListener('controllerchange', () => {
			if (this.#wanted) location.reload();
		});
		// The very first one copies the whole app: that must not take the line from the page that is just loading.
		if (!serviceWorker.controller) await quiet(0);
		try {
			this.#registration = await serviceWorker.register('/service-worker.js', { updateViaCache: 'none' });
		} catch {
			// Refused by policy: the app works, with a line.
			return;
		}
		// Some that guard the browser answer without one.
		if (!this.#registration) return;
		this.#askedAt = Date.now();
		this.#look();
		this.#registration.addEventListener('updatefound', () => {
			const fresh = this.#registration?.installing;
			fresh?.addEventListener('statechange', () => this.#look());
		});
		document.addEventListener('visibilitychange', () => this.#ask());
		setInterval(() => this.#ask(), ASK_EVERY);
		// After a sign-out its copies are gone.
		void serviceWorker.ready.then(() => this.say({ t: 'fill' }));
		$effect.root(() => {
			$effect(() => void this.#speak(language.current));
		});
	}

	#look(): void {
		// The very first one has nothing to replace.
		this.waiting = !!this.#registration?.waiting && !!navigator.serviceWorker.controller;
	}

	#ask(): void {
		if (document.visibilityState !== 'visible' || Date.now() < this.#askedAt + ASK_EVERY) return;
		this.#askedAt = Date.now();
		void this.#registration?.update().catch(() => {});
	}

	/** The worker speaks the language chosen here. It is nobody's secret. */
	async #speak(tongue: string): Promise<void> {
		if (session.ending) return;
		await new BrowserShelf().put('plain', ['settings', 'language'], tongue).catch(() => {});
	}

	/** Lets the waiting version in; this page is loaded anew when it is there. */
	update(): void {
		this.#wanted = true;
		const { waiting } = this.#registration ?? {};
		if (waiting) waiting.postMessage({ t: 'activate' } satisfies ToWorker);
		else location.reload();
	}

	say(word: ToWorker): void {
		navigator.serviceWorker?.controller?.postMessage(word);
	}

	/** Asks the worker for something; `null` when it has nothing, or there is none. */
	ask<T>(word: ToWorker, within = 3_000): Promise<T | null> {
		const { controller } = navigator.serviceWorker ?? {};
		if (!controller) return Promise.resolve(null);
		return new Promise((resolve) => {
			const channel = new MessageChannel();
			channel.port1.onmessage = ({ data }) => resolve(data as T | null);
			setTimeout(() => resolve(null), within);
			controller.postMessage(word, [channel.port2]);
		});
	}

	#hear(word: FromWorker): void {
		if (word.t === 'open') void goto(word.path);
	}
}

export const worker = new Worker();
