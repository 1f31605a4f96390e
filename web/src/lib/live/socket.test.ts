import { beforeEach, describe, expect, it } from 'vitest';
import { Clock, settle } from './clock.test-help';
import { Socket, waitBefore, type Line, type WebSocketLike } from './socket';
import type { Frame } from './wire';

class FakeSocket implements WebSocketLike {
	sent: unknown[] = [];
	closedByUs = false;
	readyState = 1;
	onopen: (() => void) | null = null;
	onmessage: ((event: { data: unknown }) => void) | null = null;
	onclose: ((event: { code: number }) => void) | null = null;
	constructor(readonly protocols: string[]) {}
	send = (data: string) => void this.sent.push(JSON.parse(data));
	close = () => void (this.closedByUs = true);
	say = (frame: unknown) => this.onmessage?.({ data: JSON.stringify(frame) });
	welcome = () => {
		this.onopen?.();
		this.say({ t: 'welcome', session: 's', heads: {} });
	};
}

class World {
	clock = new Clock();
	sockets: FakeSocket[] = [];
	frames: Frame[] = [];
	lines: Line[] = [];
	online = true;
	tickets = 0;
	ticketFails = false;
	socket = new Socket(
		{
			ticket: async () => {
				if (this.ticketFails) throw new Error('no line');
				return `t${++this.tickets}`;
			},
			connect: (protocols) => {
				const socket = new FakeSocket(protocols);
				this.sockets.push(socket);
				return socket;
			},
			later: this.clock.later,
			cancel: this.clock.cancel,
			chance: () => 0.5,
			online: () => this.online
		},
		{
			hello: () => ({ cursors: { a: 7 }, looking: ['a'] }),
			frame: (frame) => this.frames.push(frame),
			line: (line) => this.lines.push(line)
		}
	);
	get last() {
		const socket = this.sockets.at(-1);
		if (!socket) throw new Error('nothing was opened');
		return socket;
	}
	async open() {
		this.socket.start();
		await settle();
		this.last.welcome();
	}
}

let world: World;
beforeEach(() => (world = new World()));

describe('socket', () => {
	it('opens with a ticket as subprotocol and says hello with its cursors (R21)', async () => {
		await world.open();
		expect(world.last.protocols).toEqual(['kairan.v1', 'ticket.t1']);
		expect(world.last.sent).toEqual([{ t: 'hello', cursors: { a: 7 }, looking: ['a'] }]);
		expect(world.lines).toEqual(['connecting', 'open']);
	});

	it('comes back with a new ticket after the line broke', async () => {
		await world.open();
		world.last.onclose?.({ code: 1006 });
		await world.clock.pass(waitBefore(0, 0.5));
		expect(world.sockets).toHaveLength(2);
		expect(world.last.protocols[1]).toBe('ticket.t2');
		world.last.welcome();
		expect(world.lines).toEqual(['connecting', 'open', 'connecting', 'open']);
	});

	it('sends nothing into a line that is just closing, and says so', async () => {
		await world.open();
		const { length } = world.last.sent;
		world.last.readyState = 2;
		expect(world.socket.send({ t: 'ping' })).toBe(false);
		world.socket.wake();
		expect(world.last.sent).toHaveLength(length);
	});

	it('spreads its return when the server goes down', async () => {
		await world.open();
		world.last.onclose?.({ code: 4409 });
		await world.clock.pass(waitBefore(3, 0.5) - 1);
		expect(world.sockets).toHaveLength(1);
		await world.clock.pass(1);
		expect(world.sockets).toHaveLength(2);
	});

	it('does not come back once the session has ended', async () => {
		await world.open();
		world.last.onclose?.({ code: 4401 });
		await world.clock.pass(600_000);
		expect(world.sockets).toHaveLength(1);
		expect(world.lines.at(-1)).toBe('ended');
	});

	it('keeps trying while no ticket can be had', async () => {
		world.ticketFails = true;
		world.socket.start();
		await world.clock.pass(60_000);
		world.ticketFails = false;
		await world.clock.pass(20_000);
		expect(world.sockets).toHaveLength(1);
	});

	it('gives up a line that went silent', async () => {
		await world.open();
		await world.clock.pass(50_000);
		expect(world.sockets[0]?.sent).toContainEqual({ t: 'ping' });
		expect(world.sockets[0]?.closedByUs).toBe(true);
		expect(world.sockets).toHaveLength(2);
	});

	it('stays as long as pings are answered', async () => {
		await world.open();
		for (let n = 0; n < 10; n += 1) {
			await world.clock.pass(20_000);
			world.last.say({ t: 'pong' });
		}
		expect(world.sockets).toHaveLength(1);
	});

	it('follows the device off and on the network without waiting', async () => {
		await world.open();
		world.online = false;
		world.socket.networkChanged();
		expect(world.lines.at(-1)).toBe('offline');
		await world.clock.pass(600_000);
		expect(world.sockets).toHaveLength(1);
		world.online = true;
		world.socket.networkChanged();
		await settle();
		expect(world.sockets).toHaveLength(2);
	});

	it('ignores frames it does not know, and what an old line still says', async () => {
		await world.open();
		const old = world.last;
		const hear = old.onmessage;
		old.say({ t: 'fax' });
		old.onmessage?.({ data: '{' });
		world.socket.stop();
		hear?.({ data: JSON.stringify({ t: 'me' }) });
		expect(world.frames.map((frame) => frame.t)).toEqual(['welcome']);
	});
});

describe('waitBefore', () => {
	it('doubles up to a limit, and is spread by chance', () => {
		expect([0, 1, 2, 10].map((attempt) => waitBefore(attempt, 0.999))).toEqual([649, 1149, 2148, 20130]);
		expect(waitBefore(10, 0)).toBe(150);
	});
});
