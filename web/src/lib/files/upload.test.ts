import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Clock, settle } from '../live/clock.test-help';
import { MemoryKeep } from './keep';
import { Uploader, type Keep, type Meta, type Reply, type Wire } from './upload';
import type { FileInfo, Standing } from './wire';

const PART = 4;

const meta = (file: string, size: number): Meta => ({
	file,
	room: 'r',
	name: `${file}.bin`,
	size,
	media: '',
	taken: false
});
const bytes = (size: number) => new Blob([Uint8Array.from({ length: size }, (_, at) => at % 251)]);

/** A server that keeps parts, and a line whose answers the test decides. */
class World implements Wire {
	clock = new Clock();
	keep: Keep = new MemoryKeep();
	uploads = new Map<string, { meta: Meta; parts: Map<number, Uint8Array>; done: boolean }>();
	calls: string[] = [];
	together = 0;
	most = 0;
	/** `lost`: the server has done it, and its answer did not come through. */
	answer: (call: string) => 'ok' | 'lost' | 'cut' | Reply<never> = () => 'ok';

	open() {
		return new Uploader({
			wire: this,
			keep: this.keep,
			later: this.clock.later,
			cancel: this.clock.cancel,
			chance: () => 0.5,
			changed: () => {},
			lost: () => 'もうありません'
		});
	}

	async #call<T>(name: string, act: () => Reply<T>): Promise<Reply<T>> {
		this.calls.push(name);
		const how = this.answer(name);
		this.together += 1;
		this.most = Math.max(this.most, this.together);
		await Promise.resolve();
		this.together -= 1;
		if (typeof how === 'object') return how;
		if (how === 'cut') return { is: 'delayed' };
		const reply = act();
		return how === 'lost' ? { is: 'delayed' } : reply;
	}

	#standing(file: string): Reply<Standing> {
		const there = this.uploads.get(file);
		if (!there) return { is: 'missing', why: () => 'ありません' };
		const { meta, parts, done } = there;
		const received = done ? [] : [...parts.keys()];
		return {
			is: 'yes',
			value: {
				file,
				room: meta.room,
				size: meta.size,
				part_bytes: PART,
				received,
				state: done ? 'done' : 'open'
			}
		};
	}

	begin = (one: Meta) =>
		this.#call(`begin ${one.file}`, () => {
			if (!this.uploads.has(one.file))
				this.uploads.set(one.file, { meta: one, parts: new Map(), done: false });
			return this.#standing(one.file);
		});
	look = (file: string) => this.#call(`look ${file}`, () => this.#standing(file));
	part: Wire['part'] = async (file, number, blob, told, signal) => {
		const arrived = new Uint8Array(await blob.arrayBuffer());
		return this.#call(`part ${file} ${number}`, (): Reply<null> => {
			if (signal.aborted) return { is: 'delayed' };
			const there = this.uploads.get(file);
			if (!there) return { is: 'missing', why: () => 'ありません' };
			told(arrived.length);
			there.parts.set(number, arrived);
			return { is: 'yes', value: null };
		});
	};
	finish = (file: string) =>
		this.#call(`finish ${file}`, (): Reply<FileInfo> => {
			const there = this.uploads.get(file);
			if (!there) return { is: 'missing', why: () => 'ありません' };
			const missing = [...Array(Math.ceil(there.meta.size / PART)).keys()].filter(
				(at) => !there.parts.has(at)
			);
			if (missing.length > 0)
				return { is: 'refused', code: 'upload.incomplete', facts: { missing }, why: () => '足りません' };
			there.done = true;
			return { is: 'yes', value: { id: file, size: there.meta.size } as FileInfo };
		});
	drop = async (file: string) => this.uploads.delete(file);

	/** What the server made of the parts. */
	whole(file: string): number[] {
		const { parts } = this.uploads.get(file) ?? { parts: new Map<number, Uint8Array>() };
		return [...parts].sort(([a], [b]) => a - b).flatMap(([, piece]) => [...piece]);
	}
}

const original = async (size: number) => [...new Uint8Array(await bytes(size).arrayBuffer())];
let world: World;
beforeEach(() => (world = new World()));

// R48
describe('upload', () => {
	it('sends a file in parts, at most two at once, and finishes it', async () => {
		const uploader = world.open();
		uploader.add(meta('a', 18), bytes(18));
		await world.clock.pass(0);
		expect(uploader.all[0]).toMatchObject({ phase: 'done', sent: 18, info: { id: 'a' } });
		expect(world.whole('a')).toEqual(await original(18));
		expect(world.calls.filter((call) => call.startsWith('part'))).toHaveLength(5);
		expect(world.most).toBe(2);
	});

	it('goes on from what the server has after the line was lost', async () => {
		const uploader = world.open();
		world.answer = (call) => (call === 'part a 2' ? 'cut' : 'ok');
		uploader.add(meta('a', 18), bytes(18));
		await settle();
		uploader.pause();
		await settle();
		expect(uploader.all[0]?.phase).toBe('waiting');
		world.answer = () => 'ok';
		const before = world.calls.length;
		uploader.go();
		await world.clock.pass(0);
		expect(uploader.all[0]?.phase).toBe('done');
		const again = world.calls.slice(before);
		expect(again[0]).toBe('look a');
		expect(again).not.toContain('part a 0');
	});

	it('does nothing while there is no line', async () => {
		const uploader = world.open();
		uploader.pause();
		uploader.add(meta('a', 4), bytes(4));
		await world.clock.pass(600_000);
		expect(world.calls).toEqual([]);
	});

	it('waits longer each time a server does not answer', async () => {
		const uploader = world.open();
		world.answer = () => 'cut';
		uploader.add(meta('a', 4), bytes(4));
		await world.clock.pass(749);
		expect(world.calls).toHaveLength(1);
		await world.clock.pass(1);
		expect(world.calls).toHaveLength(2);
		await world.clock.pass(1_499);
		expect(world.calls).toHaveLength(2);
		await world.clock.pass(1);
		expect(world.calls).toHaveLength(3);
	});

	it('keeps a refusal with its words, and lets the next one pass', async () => {
		const uploader = world.open();
		world.answer = (call) =>
			call === 'begin a'
				? { is: 'refused', code: 'quota.member_full', facts: {}, why: () => 'いっぱいです' }
				: 'ok';
		uploader.add(meta('a', 4), bytes(4));
		uploader.add(meta('b', 4), bytes(4));
		await world.clock.pass(0);
		expect(uploader.all.map((one) => [one.phase, one.why?.()])).toEqual([
			['refused', 'いっぱいです'],
			['done', undefined]
		]);
		world.answer = () => 'ok';
		uploader.retry('a');
		await world.clock.pass(0);
		expect(uploader.all[0]?.phase).toBe('done');
	});

	it('sends again what the server says it misses', async () => {
		const uploader = world.open();
		let dropped = false;
		world.answer = (call) => {
			if (call === 'finish a' && !dropped) {
				dropped = true;
				world.uploads.get('a')?.parts.delete(1);
			}
			return 'ok';
		};
		uploader.add(meta('a', 12), bytes(12));
		await world.clock.pass(0);
		expect(uploader.all[0]?.phase).toBe('done');
		expect(world.whole('a')).toEqual(await original(12));
	});

	it('begins anew when the server has forgotten the upload, and says so when it always does', async () => {
		const uploader = world.open();
		world.answer = (call) => {
			if (call === 'part a 1') world.uploads.delete('a');
			return 'ok';
		};
		uploader.add(meta('a', 12), bytes(12));
		await world.clock.pass(0);
		expect(uploader.all[0]).toMatchObject({ phase: 'refused' });
		expect(uploader.all[0]?.why?.()).toBe('ありません');
	});

	it('throws one away with the server too, and what waited for it goes no further', async () => {
		const uploader = world.open();
		world.answer = (call) => (call.startsWith('part') ? 'cut' : 'ok');
		uploader.add(meta('a', 4), bytes(4));
		await settle();
		const ready = uploader.ready(['a']);
		uploader.cancel('a');
		expect(await ready).toBeNull();
		await settle();
		expect(uploader.all).toEqual([]);
		expect(world.uploads.size).toBe(0);
	});

	it('tells a letter when all its files are there, or why they cannot be', async () => {
		const uploader = world.open();
		uploader.add(meta('a', 4), bytes(4));
		uploader.add(meta('b', 4), bytes(4));
		expect(await uploader.ready(['a', 'b'])).toBeNull();
		world.answer = () => ({ is: 'refused', code: 'x', facts: {}, why: () => '種類が違います' });
		uploader.add(meta('c', 4), bytes(4));
		const outcome = await uploader.ready(['a', 'c']);
		expect(outcome?.is === 'refused' && outcome.why()).toBe('種類が違います');
	});

	it('asks the server for a file whose bytes are not here; without an answer it is lost', async () => {
		const first = world.open();
		first.add(meta('a', 4), bytes(4));
		await world.clock.pass(0);
		world.keep = new MemoryKeep();
		expect(await world.open().ready(['a'])).toBeNull();
		let outcome: unknown;
		void world
			.open()
			.ready(['never'])
			.then((said) => (outcome = said));
		await world.clock.pass(0);
		expect(outcome).toMatchObject({ is: 'refused' });
	});

	it('waits a while for another tab that sends the same file', async () => {
		world.uploads.set('a', { meta: meta('a', 4), parts: new Map(), done: false });
		let outcome: unknown = 'waits';
		void world
			.open()
			.ready(['a'])
			.then((said) => (outcome = said));
		await world.clock.pass(6_000);
		expect(outcome).toBe('waits');
		const there = world.uploads.get('a');
		there?.parts.set(0, new Uint8Array(4));
		if (there) there.done = true;
		await world.clock.pass(6_000);
		expect(outcome).toBeNull();
	});

	it('goes on with what another tab kept and closed before the server heard of it', async () => {
		const closed = world.open();
		closed.pause();
		closed.add(meta('a', 18), bytes(18));
		closed.take(['a'], true);
		await closed.kept(['a']);
		// This one was open before that file was attached: it knows the letter's word for it only.
		const other = world.open();
		const ready = other.ready(['a']);
		await world.clock.pass(0);
		expect(await ready).toBeNull();
		expect(world.uploads.get('a')?.meta.name).toBe('a.bin');
		expect(world.whole('a')).toEqual(await original(18));
	});

	it('keeps what it holds as soon as it can, and says when', async () => {
		const { put } = world.keep;
		world.keep.put = () => Promise.reject(new Error('no key yet'));
		const uploader = world.open();
		uploader.pause();
		uploader.add(meta('a', 18), bytes(18));
		await settle();
		expect(await world.keep.has('a')).toBe(false);
		let open = () => {};
		world.keep.put = async (one, blob) => {
			await new Promise<void>((done) => (open = done));
			await put(one, blob);
		};
		await uploader.secure();
		let told = false;
		void uploader.kept(['a']).then(() => (told = true));
		await settle();
		expect(told).toBe(false);
		open();
		await settle();
		expect(told).toBe(true);
		expect(await world.keep.has('a')).toBe(true);
	});

	it('arrives whole, whatever the line does and however often the tab is closed', async () => {
		const answers = fc.array(fc.constantFrom('ok' as const, 'lost' as const, 'cut' as const), {
			maxLength: 40
		});
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
				answers,
				fc.array(fc.nat(4_000), { maxLength: 5 }),
				async (sizes, script, closings) => {
					world = new World();
					const line = [...script];
					world.answer = () => line.shift() ?? 'ok';
					let uploader = world.open();
					for (const [at, size] of sizes.entries()) uploader.add(meta(String(at), size), bytes(size));
					for (const ms of closings) {
						await world.clock.pass(ms);
						uploader.pause();
						uploader = world.open();
						await uploader.restore();
					}
					await world.clock.pass(10 * 60_000);
					expect(uploader.all.map((one) => one.phase)).toEqual(sizes.map(() => 'done'));
					for (const [at, size] of sizes.entries())
						expect(world.whole(String(at))).toEqual(await original(size));
				}
			),
			{ numRuns: 100 }
		);
	});
});
