/**
 * Fetches the key of what this browser keeps, again and again while there is a line, and watches its end.
 *
 * What must stay true: a page that shows what was kept stops showing it when the lease is over.
 */
import { carried } from '$lib/api/client';
import { pace, until } from './lease';
import { local } from './local';

/** Milliseconds between two looks at the clock, and between two attempts at least. */
const LOOK_EVERY = 30_000;
const AGAIN_AFTER = 20_000;

export interface Owner {
	session: string;
	member: string;
}

interface Answer {
	key: string;
	expires_at: number;
}

/** Asks once. Milliseconds for which there is a key, as the server said; 0: there is none. */
async function ask({ session, member }: Owner): Promise<number> {
	const response = await carried(new Request('/api/v1/session/lease', { method: 'POST' }));
	if (!response.ok) return 0;
	const { key, expires_at } = (await response.json()) as Answer;
	const date = Date.parse(response.headers.get('date') ?? '');
	const now = Date.now();
	const end = until(expires_at, Number.isNaN(date) ? null : date, now);
	await local.accept(key, { session, member, until: end });
	return end - now;
}

class Renewal {
	#owner: Owner | null = null;
	#triedAt = 0;
	#renewedAt = 0;
	#every = 0;
	#timer: ReturnType<typeof setInterval> | undefined;
	#unsealed: () => void = () => {};
	#over: () => void = () => {};

	/** `unsealed`: there is a key where there was none. `over`: there was one, and its time has run out. */
	start(owner: Owner, unsealed: () => void, over: () => void): void {
		if (this.#owner) return;
		this.#owner = owner;
		this.#unsealed = unsealed;
		this.#over = over;
		this.#timer = setInterval(() => void this.look(), LOOK_EVERY);
		document.addEventListener('visibilitychange', () => void this.look());
		void this.renew();
	}

	stop(): void {
		clearInterval(this.#timer);
		this.#owner = null;
	}

	/** There is a line: a good moment, unless it was done lately. */
	async renew(): Promise<void> {
		const now = Date.now();
		if (!this.#owner || now < this.#triedAt + AGAIN_AFTER) return;
		if (local.durable && now < this.#renewedAt + this.#every) return;
		this.#triedAt = now;
		const before = local.durable;
		try {
			const lasts = await ask(this.#owner);
			if (!lasts) return;
			this.#every = pace(lasts);
			this.#renewedAt = now;
			if (!before && local.durable) this.#unsealed();
		} catch {
			// No line, or a browser that keeps nothing: it goes on in memory, and tries again.
		}
	}

	async look(): Promise<void> {
		if (!this.#owner) return;
		await this.renew();
		if (await local.expire().catch(() => false)) this.#over();
	}
}

export const renewal = new Renewal();
