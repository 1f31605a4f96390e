import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Clock, settle } from './clock.test-help';
import { Outbox, type Letter, type Outcome, type Store, type Word } from './outbox';

class MemoryStore implements Store {
	letters = new Map<string, Letter>();
	all = async () => [...this.letters.values()];
	put = async (letter: Letter) => void this.letters.set(letter.id, letter);
	drop = async (id: string) => void this.letters.delete(id);
}

const letter = (id: string, room = 'a'): Letter => ({
	id,
	room,
	text: id,
	label: null,
	reply_to: null,
	files: [],
	written_at: 1
});

/** A server that keeps each id once, and a line whose answers the test decides. */
class World {
	clock = new Clock();
	store = new MemoryStore();
	kept: string[] = [];
	/** Requests never end. */
	stuck = false;
	calls: string[] = [];
	answer: (letter: Letter) => Outcome<number> | 'lost' = () => ({ is: 'sent', ack: 1 });
	files: (letter: Letter) => Promise<Outcome<never> | null> = async () => null;

	/** Tabs that hear each other; what `deaf` ones would hear is lost (a phone's sleeping tab). */
	tabs: { outbox: Outbox<number>; deaf: boolean }[] = [];

	/** The one tab there is. */
	async open() {
		this.tabs = [];
		const outbox = this.tab();
		await outbox.lead(true);
		return outbox;
	}

	tab(): Outbox<number> {
		const outbox: Outbox<number> = new Outbox<number>({
			send: async (one) => {
				this.calls.push(one.id);
				if (this.stuck) await new Promise(() => {});
				const outcome = this.answer(one);
				// `lost`: the server kept it, and its answer did not come through.
				if ((outcome === 'lost' || outcome.is === 'sent') && !this.kept.includes(one.id))
					this.kept.push(one.id);
				return outcome === 'lost' ? { is: 'delayed' } : outcome;
			},
			ready: (one) => this.files(one),
			store: this.store,
			say: (word: Word) => {
				for (const tab of this.tabs) if (tab.outbox !== outbox && !tab.deaf) tab.outbox.hear(word);
			},
			takeOver: () => {
				for (const tab of this.tabs) void tab.outbox.lead(false);
				void outbox.lead(true);
			},
			later: this.clock.later,
			cancel: this.clock.cancel,
			chance: () => 0.5,
			changed: () => {},
			arrived: () => {}
		});
		this.tabs.push({ outbox, deaf: false });
		return outbox;
	}
}

let world: World;
beforeEach(() => (world = new World()));

describe('outbox (R27)', () => {
	it('sends in the order written, one at a time', async () => {
		const outbox = await world.open();
		void outbox.post(letter('1'));
		void outbox.post(letter('2'));
		expect(outbox.of('a').map((one) => one.progress)).toEqual(['sending', 'waiting']);
		await settle();
		expect(world.kept).toEqual(['1', '2']);
		expect(outbox.of('a').map((one) => one.progress)).toEqual(['sent', 'sent']);
		expect(await world.store.all()).toEqual([]);
	});

	it('keeps a sent letter on show until the conversation has it', async () => {
		const outbox = await world.open();
		void outbox.post(letter('1'));
		await settle();
		outbox.shown('1');
		expect(outbox.of('a')).toEqual([]);
	});

	it('sends what was written offline once the line is back', async () => {
		const outbox = await world.open();
		world.answer = () => ({ is: 'delayed' });
		void outbox.post(letter('1'));
		void outbox.post(letter('2'));
		await settle();
		expect(outbox.of('a').map((one) => one.progress)).toEqual(['waiting', 'waiting']);
		world.answer = () => ({ is: 'sent', ack: 1 });
		outbox.go();
		await settle();
		expect(world.kept).toEqual(['1', '2']);
	});

	it('waits longer each time, and as long as the server says', async () => {
		const outbox = await world.open();
		world.answer = () => ({ is: 'delayed' });
		void outbox.post(letter('1'));
		await world.clock.pass(0);
		await world.clock.pass(749);
		expect(world.calls).toHaveLength(1);
		await world.clock.pass(1);
		expect(world.calls).toHaveLength(2);
		await world.clock.pass(1499);
		expect(world.calls).toHaveLength(2);
		world.answer = () => ({ is: 'delayed', after: 60_000 });
		await world.clock.pass(1);
		expect(world.calls).toHaveLength(3);
		await world.clock.pass(59_999);
		expect(world.calls).toHaveLength(3);
		await world.clock.pass(1);
		expect(world.calls).toHaveLength(4);
	});

	it('keeps a refused letter for its writer, and lets the next one pass', async () => {
		const outbox = await world.open();
		world.answer = (one) =>
			one.id === '1' ? { is: 'refused', why: () => '長すぎます' } : { is: 'sent', ack: 1 };
		void outbox.post(letter('1'));
		void outbox.post(letter('2'));
		await settle();
		expect(outbox.of('a').map((one) => [one.progress, one.why?.()])).toEqual([
			['failed', '長すぎます'],
			['sent', undefined]
		]);
		expect((await world.store.all()).map((one) => one.id)).toEqual(['1']);
		world.answer = () => ({ is: 'sent', ack: 1 });
		outbox.retry('1');
		await settle();
		expect(world.kept).toEqual(['2', '1']);
	});

	it('gives a refused letter back to be written on, and forgets it', async () => {
		const outbox = await world.open();
		world.answer = () => ({ is: 'refused', why: () => '' });
		void outbox.post(letter('1'));
		await settle();
		expect((await outbox.discard('1'))?.text).toBe('1');
		expect(await world.store.all()).toEqual([]);
		expect(outbox.of('a')).toEqual([]);
	});

	it('does not let a letter be taken back while it is on its way', async () => {
		const outbox = await world.open();
		world.stuck = true;
		await outbox.post(letter('1'));
		expect(await outbox.discard('1')).toBeNull();
	});

	it('sends from one of two tabs; both show it', async () => {
		const first = await world.open();
		const second = world.tab();
		await second.post(letter('2'));
		await settle();
		expect([world.calls, first.of('a')[0]?.progress, second.of('a')[0]?.progress]).toEqual([
			['2'],
			'sent',
			'sent'
		]);
	});

	it('a tab whose sender sleeps takes over, and nothing is sent twice to effect', async () => {
		await world.open();
		const second = world.tab();
		(world.tabs[0] as { deaf: boolean }).deaf = true;
		await second.post(letter('1'));
		await world.clock.pass(1_499);
		expect(world.kept).toEqual([]);
		await world.clock.pass(1);
		expect(world.kept).toEqual(['1']);
	});

	it('takes back from another tab what the sender has not begun to send', async () => {
		const first = await world.open();
		const second = world.tab();
		world.answer = () => ({ is: 'delayed' });
		await second.post(letter('1'));
		await settle();
		expect((await second.discard('1'))?.id).toBe('1');
		expect([first.all, second.all, await world.store.all()]).toEqual([[], [], []]);
	});

	it('tells the other tabs why a letter was refused', async () => {
		await world.open();
		const second = world.tab();
		world.answer = () => ({ is: 'refused', why: () => '長すぎます' });
		await second.post(letter('1'));
		await settle();
		expect(second.all.map((one) => [one.progress, one.why?.()])).toEqual([['failed', '長すぎます']]);
		world.answer = () => ({ is: 'sent', ack: 1 });
		second.retry('1');
		await settle();
		expect(world.kept).toEqual(['1']);
	});

	it('one room does not wait for another', async () => {
		const outbox = await world.open();
		world.answer = (one) => (one.room === 'a' ? { is: 'delayed' } : { is: 'sent', ack: 1 });
		void outbox.post(letter('1', 'a'));
		void outbox.post(letter('2', 'b'));
		await settle();
		expect(world.kept).toEqual(['2']);
	});

	it('loses and doubles nothing, whatever the line does and however often the page is reloaded', async () => {
		const answers = fc.array(fc.constantFrom('sent' as const, 'delayed' as const, 'lost' as const), {
			maxLength: 30
		});
		const reloads = fc.array(fc.nat(5), { maxLength: 6 });
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 1, max: 8 }), answers, reloads, async (count, script, moments) => {
				world = new World();
				const line = [...script];
				world.answer = () => {
					const next = line.shift() ?? 'sent';
					return next === 'lost' ? 'lost' : next === 'sent' ? { is: 'sent', ack: 1 } : { is: 'delayed' };
				};
				let outbox = await world.open();
				const written = Array.from({ length: count }, (_, index) => String(index));
				for (const [index, id] of written.entries()) {
					void outbox.post(letter(id));
					if (moments.includes(index)) {
						await settle();
						outbox = await world.open();
						outbox.go();
					}
				}
				await world.clock.pass(10 * 60_000);
				expect(world.kept).toEqual(written);
				expect(await world.store.all()).toEqual([]);
			}),
			{ numRuns: 200 }
		);
	});
});
