// R48: a server killed between the parts of a file, in the middle of one, or while it looks into the whole, knows after
// its start what it has; the rest is sent, and the bytes are what was sent. No browser: what is shown is the server's.
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';

import { newId, organisation } from '../harness/api.mjs';
import { ask, sha256 } from '../harness/files.mjs';
import { Server } from '../harness/server.mjs';

const PART = 4 << 20;
/** How long after the end was asked for the server is killed, ms: it then hashes what lies before it. */
const KILLED_AFTER = [0, 20, 40, 80, 160];

for (const engine of /** @type {const} */ (['sqlite', 'postgres'])) {
  test(`kill -9 amid an upload costs the parts in the air and nothing else, on ${engine}`, async (t) => {
    const server = await Server.fresh(engine);
    try {
      const owner = await organisation(server);
      const room = await owner.room('駅前店 連絡', []);
      const bytes = randomFillSync(Buffer.alloc(9 * PART + 321));
      const file = newId();
      const whole = Array.from({ length: 10 }, (_, n) => n);
      await owner.call('PUT', `/uploads/${file}`, { room, name: '店内記録.bin', size: bytes.length });
      const part = (/** @type {number} */ n) =>
        ask(owner, 'PUT', `/uploads/${file}/parts/${n}`, {
          body: bytes.subarray(n * PART, (n + 1) * PART),
          headers: { 'content-type': 'application/octet-stream' },
        });
      /** Parts that the server says are there. */
      const received = async () => /** @type {number[]} */ ((await owner.call('GET', `/uploads/${file}`)).received);
      /** Dies while something is under way, and comes back. */
      const dies = async (/** @type {Promise<unknown>[]} */ underWay, after = 0) => {
        const ended = Promise.allSettled(underWay);
        await new Promise((resolve) => setTimeout(resolve, after));
        await server.kill();
        await ended;
        await server.start();
      };

      await t.test('between two parts', async () => {
        for (const n of [0, 2]) assert.equal((await part(n)).status, 204);
        await dies([]);
        assert.deepEqual(await received(), [0, 2]);
      });

      await t.test('in the middle of parts', async () => {
        for (const after of [0, 50, 100, 150]) {
          const before = await received();
          await dies(whole.filter((n) => !before.includes(n)).slice(0, 3).map(part), after);
          const now = await received();
          assert.ok(before.every((n) => now.includes(n)), `${before} is still there: ${now}`);
          t.diagnostic(`killed ${after} ms into three parts: ${before.length} before, ${now.length} after`);
        }
      });

      await t.test('the rest is sent and the server killed while it looks into the whole', async () => {
        let done = false;
        for (const after of KILLED_AFTER) {
          const before = await received();
          for (const n of whole.filter((one) => !before.includes(one))) assert.equal((await part(n)).status, 204);
          assert.deepEqual(await received(), whole);
          await dies([owner.try('POST', `/uploads/${file}/finish`)], after);
          const { state } = await owner.call('GET', `/uploads/${file}`);
          t.diagnostic(`killed ${after} ms after its end was asked for: ${state}`);
          done = state === 'done';
          if (done) break;
        }
        const { status } = await owner.try('POST', `/uploads/${file}/finish`);
        assert.equal(status, done ? 200 : 201);
      });

      await t.test('the bytes are what was sent, once', async () => {
        await owner.call('PUT', `/rooms/${room}/messages/${newId()}`, { text: '', files: [file] });
        const { url } = await owner.call('POST', `/files/${file}/open`, { how: 'download' });
        const answer = await ask(owner, 'GET', url);
        assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), sha256(bytes));
        assert.equal((await owner.call('GET', '/usage')).member.used, bytes.length);
      });
    } finally {
      await server.remove();
    }
  });
}
