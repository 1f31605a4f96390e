/**
 * The tabs of one browser: who of them sends, and what they tell each other.
 *
 * What must stay true: at most one tab believes that it leads; a tab that ends or sleeps does not keep the
 * others from sending. Where the browser has no locks (an address without HTTPS) every tab leads: messages
 * have ids, so the worst is a request too many.
 */
export interface TabsListener<Word> {
	hear(word: Word): void;
	lead(on: boolean): void;
}

export class Tabs<Word> {
	#name: string;
	#listener: TabsListener<Word>;
	#channel: BroadcastChannel | null = null;
	#release: (() => void) | null = null;
	#stopped = false;

	constructor(name: string, listener: TabsListener<Word>) {
		this.#name = name;
		this.#listener = listener;
	}

	start(): void {
		if (typeof BroadcastChannel !== 'undefined') {
			this.#channel = new BroadcastChannel(this.#name);
			this.#channel.onmessage = ({ data }) => this.#listener.hear(data as Word);
		}
		if (!navigator.locks) return this.#listener.lead(true);
		this.#want(false);
	}

	say(word: Word): void {
		this.#channel?.postMessage(word);
	}

	/** This one leads from now on, because the tab that does does not answer. Resolves when it does. */
	takeOver(): Promise<void> {
		if (this.#release || !navigator.locks) return Promise.resolve();
		return new Promise((resolve) => this.#want(true, resolve));
	}

	stop(): void {
		this.#stopped = true;
		this.#channel?.close();
		this.#channel = null;
		this.#release?.();
	}

	#want(steal: boolean, then: () => void = () => {}): void {
		const held = () =>
			new Promise<void>((resolve) => {
				if (this.#stopped) return resolve();
				this.#release = resolve;
				this.#listener.lead(true);
				then();
			});
		const over = () => {
			const led = this.#release !== null;
			this.#release = null;
			if (led) this.#listener.lead(false);
		};
		navigator.locks.request(this.#name, { steal }, held).then(over, () => {
			// Another tab took over: this one stands in line again.
			over();
			if (!this.#stopped) this.#want(false);
		});
	}
}
