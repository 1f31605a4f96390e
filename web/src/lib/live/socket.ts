/**
 * The line to the gateway: opened with a ticket, kept alive, and opened again whenever it breaks.
 *
 * What must stay true: every opening says `hello` with the cursors of that moment, so that the
 * server can send what was missed; and waits between attempts are jittered, so that a server
 * that comes back is not met by everyone at once (R80).
 *
 * The browser's parts (WebSocket, timers, chance) are passed in, so that tests give the time.
 */
import { closed, readFrame, type Call, type Frame } from './wire';

/**
 * `resting` not started · `connecting` no line yet or again · `open` welcome received ·
 * `offline` the device says it has no network · `ended` the session is over.
 */
export type Line = 'resting' | 'connecting' | 'open' | 'offline' | 'ended';

export interface Surroundings {
	/** Asks for a single-use ticket (R21: it lives 30 s). Throws when there is none to be had. */
	ticket(): Promise<string>;
	connect(protocols: string[]): WebSocketLike;
	later(act: () => void, ms: number): unknown;
	cancel(timer: unknown): void;
	/** 0 ≤ chance < 1. */
	chance(): number;
	online(): boolean;
}

export interface WebSocketLike {
	readonly readyState: number;
	send(data: string): void;
	close(code?: number): void;
	onopen: (() => void) | null;
	onmessage: ((event: { data: unknown }) => void) | null;
	onclose: ((event: { code: number }) => void) | null;
}

export interface Listener {
	hello(): { cursors: Record<string, number>; looking: string[] };
	frame(frame: Frame): void;
	line(line: Line): void;
}

/** `WebSocket.OPEN` */
const OPEN = 1;

/** Milliseconds. A ping is answered at once; two unanswered mean that nobody is there. */
const PING_EVERY = 20_000;
const SILENCE = 45_000;
/** No welcome within this: try anew. */
const WELCOME_WITHIN = 10_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 20_000;

/** Full jitter over a doubling wait (after "Exponential Backoff And Jitter", AWS 2015), never under 150 ms. */
export function waitBefore(attempt: number, chance: number): number {
	const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
	return 150 + Math.floor(chance * ceiling);
}

export class Socket {
	#around: Surroundings;
	#listener: Listener;
	#line: Line = 'resting';
	#socket: WebSocketLike | null = null;
	#attempt = 0;
	/** Raised with every start, stop and attempt: what comes from an earlier one is ignored. */
	#round = 0;
	#timers = new Map<'retry' | 'ping' | 'silence', unknown>();

	constructor(around: Surroundings, listener: Listener) {
		this.#around = around;
		this.#listener = listener;
	}

	start(): void {
		if (this.#line !== 'resting') return;
		this.#attempt = 0;
		void this.#open();
	}

	stop(): void {
		this.#drop();
		this.#say('resting');
	}

	/** The device found or lost its network: no need to wait for a time-out to know. */
	networkChanged(): void {
		if (this.#line === 'resting' || this.#line === 'ended') return;
		if (!this.#around.online()) {
			this.#drop();
			this.#say('offline');
		} else if (this.#line !== 'open') {
			this.#attempt = 0;
			void this.#open();
		}
	}

	/** The page came back to the front: a line that went silent meanwhile is asked now, not in 20 s. */
	wake(): void {
		if (this.#line === 'open') this.send({ t: 'ping' });
		else if (this.#line === 'connecting' && this.#timers.has('retry')) {
			this.#attempt = 0;
			void this.#open();
		}
	}

	/** `false`: there is no line, and nothing was sent. */
	send(call: Call): boolean {
		// The other side may have begun to close: the browser knows before it says so.
		if (this.#line !== 'open' || this.#socket?.readyState !== OPEN) return false;
		this.#socket.send(JSON.stringify(call));
		return true;
	}

	async #open(): Promise<void> {
		this.#drop();
		const round = this.#round;
		if (!this.#around.online()) return this.#say('offline');
		this.#say('connecting');
		let ticket: string;
		try {
			ticket = await this.#around.ticket();
		} catch {
			if (round === this.#round) this.#again();
			return;
		}
		if (round !== this.#round) return;
		const socket = this.#around.connect(['kairan.v1', `ticket.${ticket}`]);
		this.#socket = socket;
		this.#set('silence', () => this.#lost(), WELCOME_WITHIN);
		socket.onopen = () => {
			if (round === this.#round)
				socket.send(JSON.stringify({ t: 'hello', ...this.#listener.hello() } satisfies Call));
		};
		socket.onmessage = ({ data }) => {
			if (round === this.#round) this.#heard(data);
		};
		socket.onclose = ({ code }) => {
			if (round === this.#round) this.#closed(code);
		};
	}

	#heard(data: unknown): void {
		const frame = readFrame(data);
		if (!frame) return;
		if (frame.t === 'welcome') {
			this.#attempt = 0;
			this.#say('open');
			this.#ping();
		}
		this.#set('silence', () => this.#lost(), SILENCE);
		if (frame.t !== 'pong') this.#listener.frame(frame);
	}

	#ping(): void {
		this.#set(
			'ping',
			() => {
				this.send({ t: 'ping' });
				this.#ping();
			},
			PING_EVERY
		);
	}

	#lost(): void {
		this.#drop();
		this.#again();
	}

	#closed(code: number): void {
		this.#drop();
		if (code === closed.sessionEnded) return this.#say('ended');
		// A server that goes down sends everyone away at once: come back spread over some seconds.
		if (code === closed.goingDown) this.#attempt = Math.max(this.#attempt, 3);
		this.#again();
	}

	#again(): void {
		if (!this.#around.online()) return this.#say('offline');
		this.#say('connecting');
		const wait = waitBefore(this.#attempt, this.#around.chance());
		this.#attempt += 1;
		this.#set('retry', () => void this.#open(), wait);
	}

	#drop(): void {
		this.#round += 1;
		for (const timer of this.#timers.values()) this.#around.cancel(timer);
		this.#timers.clear();
		const socket = this.#socket;
		this.#socket = null;
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
	}

	#set(name: 'retry' | 'ping' | 'silence', act: () => void, ms: number): void {
		if (this.#timers.has(name)) this.#around.cancel(this.#timers.get(name));
		this.#timers.set(
			name,
			this.#around.later(() => {
				this.#timers.delete(name);
				act();
			}, ms)
		);
	}

	#say(line: Line): void {
		if (line === this.#line) return;
		this.#line = line;
		this.#listener.line(line);
	}
}

/** The surroundings in a browser. */
export function browser(ticket: () => Promise<string>): Surroundings {
	return {
		ticket,
		connect: (protocols) => {
			const url = new URL('/api/v1/gateway', location.href);
			url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
			return new WebSocket(url, protocols) as WebSocketLike;
		},
		later: (act, ms) => setTimeout(act, ms),
		cancel: (timer) => clearTimeout(timer as number),
		chance: () => Math.random(),
		online: () => navigator.onLine
	};
}
