/** The browser's own offer to install the app, kept until somebody takes it. */
interface Offer extends Event {
	prompt(): Promise<unknown>;
}

class Install {
	#offer = $state.raw<Offer | null>(null);

	constructor() {
		addEventListener('beforeinstallprompt', (event) => {
			event.preventDefault();
			this.#offer = event as Offer;
		});
		addEventListener('appinstalled', () => (this.#offer = null));
	}

	get offered(): boolean {
		return this.#offer !== null;
	}

	/** An offer is good for one question. */
	async ask(): Promise<void> {
		const offer = this.#offer;
		this.#offer = null;
		await offer?.prompt();
	}
}

export const install = new Install();
