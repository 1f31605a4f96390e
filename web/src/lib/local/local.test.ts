// R13, R14: what is kept is unreadable without the lease, and gone with the session.
import { webcrypto } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { isOver, until } from './lease';
import { Local, PIECE } from './local';
import { MemoryShelf } from './shelf';

const HOUR = 3_600_000;
const key = () => Buffer.from(webcrypto.getRandomValues(new Uint8Array(32))).toString('base64');

let shelf: MemoryShelf;
let now: number;
let local: Local;
const mine = key();
const lease = () => ({ session: 's1', member: 'm1', until: now + 24 * HOUR });

beforeEach(async () => {
	shelf = new MemoryShelf();
	now = 1_000_000;
	local = new Local(shelf, () => now);
});

/** Everything that lies on the shelf, as one text. */
async function raw(): Promise<string> {
	const words: string[] = [];
	for (const board of ['keys', 'values', 'parts', 'plain'] as const)
		for (const first of await shelf.firsts(board))
			for (const { thing } of await shelf.below(board, first)) {
				const bytes = (thing as { data?: ArrayBuffer }).data;
				words.push(bytes ? Buffer.from(bytes).toString('utf8') : JSON.stringify(thing));
			}
	return words.join('\n');
}

describe('local store', () => {
	it('keeps values that only the key opens', async () => {
		await local.accept(mine, lease());
		await local.put('rooms', 'a', { text: '納品は火曜' });
		expect(await local.get('rooms', 'a')).toEqual({ text: '納品は火曜' });
		expect(await raw()).not.toContain('納品');
		const later = new Local(shelf, () => now);
		expect(await later.get('rooms', 'a')).toBeNull();
		expect((await later.resume())?.member).toBe('m1');
		expect(await later.all('rooms')).toEqual([['a', { text: '納品は火曜' }]]);
	});

	it('writes nothing before there is a key, and everything once it comes', async () => {
		await local.put('drafts', 'a', '書きかけ');
		expect(await raw()).toBe('');
		expect(await local.get('drafts', 'a')).toBe('書きかけ');
		await local.accept(mine, lease());
		expect(await local.get('drafts', 'a')).toBe('書きかけ');
		expect(await shelf.firsts('values')).toEqual(['drafts']);
	});

	it('does not open what was moved to another place', async () => {
		await local.accept(mine, lease());
		await local.put('rooms', 'a', 'x');
		await shelf.put('values', ['rooms', 'b'], await shelf.get('values', ['rooms', 'a']));
		expect(await local.get('rooms', 'b')).toBeNull();
	});

	it('drops the key and what is only for reading when the lease is over', async () => {
		await local.accept(mine, lease());
		await local.put('rooms', 'a', 'x');
		await local.put('outbox', 'letter', 'y');
		now += 24 * HOUR;
		expect(await local.expire()).toBe(true);
		expect(await shelf.firsts('values')).toEqual(['outbox']);
		expect(await local.get('outbox', 'letter')).toBeNull();
		const later = new Local(shelf, () => now);
		expect(await later.resume()).toBeNull();
		// The same session is back: what its writer sent can be sent now.
		await later.accept(mine, lease());
		expect(await later.get('outbox', 'letter')).toBe('y');
	});

	it('is not fooled by a clock that is set back', async () => {
		await local.accept(mine, lease());
		now += 20 * HOUR;
		expect(await local.expire()).toBe(false);
		now -= 15 * HOUR;
		expect(await local.expire()).toBe(true);
	});

	it('wipes everything when another session comes', async () => {
		await local.accept(mine, lease());
		await local.put('outbox', 'letter', 'y');
		await local.keepFile('f', new Blob(['abc']));
		await local.accept(key(), { ...lease(), session: 's2' });
		expect(await local.all('outbox')).toEqual([]);
		expect(await shelf.firsts('parts')).toEqual([]);
	});

	it('leaves nothing after a wipe', async () => {
		await local.accept(mine, lease());
		await local.put('me', 'me', 'x');
		await local.wipe();
		expect(await raw()).toBe('');
		expect(await local.get('me', 'me')).toBeNull();
		expect(local.durable).toBe(false);
	});

	it('keeps a file in pieces and gives it back whole', async () => {
		await local.accept(mine, lease());
		const bytes = new Uint8Array(PIECE + 5).fill(7);
		await local.keepFile('f', new File([bytes], '伝票.pdf', { type: 'application/pdf' }));
		expect(await raw()).not.toContain('伝票');
		const file = await local.file('f');
		expect([file?.name, file?.type, file?.size]).toEqual(['伝票.pdf', 'application/pdf', PIECE + 5]);
		expect((await local.piece('f', 1))?.byteLength).toBe(5);
		await local.dropFile('f');
		expect(await local.file('f')).toBeNull();
		expect(await shelf.firsts('parts')).toEqual([]);
	});

	it('works in memory where the browser gives no store', async () => {
		const bare = new Local(null, () => now);
		await bare.accept(mine, lease());
		await bare.put('outbox', 'a', 'x');
		expect([await bare.get('outbox', 'a'), bare.durable]).toEqual(['x', false]);
	});
});

describe('lease', () => {
	it("ends by this device's clock after as long as the server said", () => {
		expect(until(90_000, 60_000, 5)).toBe(30_005);
		expect(until(10, 60_000, 5)).toBe(5);
		expect(until(400 * HOUR, 0, 0)).toBe(169 * HOUR);
	});
	it('is over at its end, not before', () => {
		expect(isOver({ until: 10, latest: 5 }, 9)).toBe(false);
		expect(isOver({ until: 10, latest: 5 }, 10)).toBe(true);
	});
});
