/**
 * A film or a sound that plays through links which end after some minutes.
 *
 * What must stay true: when the link has ended, a new one is asked for and it goes on at the same second.
 */
import { Problem } from '$lib/api/problem';
import { m } from '$lib/paraglide/messages';
import * as calls from './calls';

/** The second failure within this long is not the link's (ms). */
const AGAIN = 10_000;

export class Playing {
	url = $state('');
	refusal = $state('');
	#file: string;
	#renewedAt = 0;

	constructor(file: string) {
		this.#file = file;
	}

	async start(): Promise<void> {
		this.refusal = '';
		try {
			this.url = await calls.open(this.#file, 'view');
		} catch (thrown) {
			this.refusal = Problem.from(thrown).words;
		}
	}

	/** It stopped by itself: most often the link has ended. */
	async failed(element: HTMLMediaElement): Promise<void> {
		if (!this.url) return;
		const now = Date.now();
		if (now - this.#renewedAt < AGAIN) {
			this.refusal = m.files_play_failed();
			return;
		}
		this.#renewedAt = now;
		const { currentTime } = element;
		await this.start();
		if (this.refusal) return;
		element.src = this.url;
		element.currentTime = currentTime;
		await element.play().catch(() => {});
	}
}
