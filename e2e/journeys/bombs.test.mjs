// What is small to send and enormous to open is refused by the server as it runs, in bounded memory, and leaves
// nothing (R44, R46, R48). No browser: a bomb comes from whoever speaks HTTP.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { newId, organisation, together } from '../harness/api.mjs';
import * as bombs from '../harness/bombs.mjs';
import { ask, upload } from '../harness/files.mjs';
import { watched } from '../harness/memory.mjs';
import { Server } from '../harness/server.mjs';

const MIB = 1 << 20;
/** Most that the server may hold in memory, and a process that decodes a picture (bytes, resident). */
const MOST = { own: 400 * MIB, child: 512 * MIB };
/** Pictures that are decoded at the same time. */
const DECODED_AT_ONCE = 2;

/** What must be refused: name, what it is, as what. @type {[string, () => Promise<Buffer> | Buffer, string][]} */
const REFUSED = [
  ['60メガピクセル.png', () => bombs.png(10_000, 6_000), 'file.picture_too_large'],
  ['60メガピクセル.jpg', () => bombs.jpeg(10_000, 6_000), 'file.picture_too_large'],
  ['爆弾.zip', bombs.zipBomb, 'archive.ratio'],
  ['入れ子.zip', bombs.nestedBomb, 'archive.ratio'],
  ['一ギガ.zip', bombs.patientBomb, 'archive.too_large'],
  ['爆弾.gz', bombs.gzipBomb, 'archive.ratio'],
  ['二万件.zip', () => bombs.manyEntries(20_000), 'archive.too_many_entries'],
  ['上へ.zip', bombs.climbingZip, 'archive.names'],
  ['上へ.tar', bombs.climbingTar, 'archive.names'],
  ['上へ.tar.gz', bombs.climbingTarGz, 'archive.names'],
];

/** What may pass at the edge of what is allowed, and whether there is a preview of it. @type {[string, () => Promise<Buffer> | Buffer, boolean][]} */
const ACCEPTED = [
  ['48メガピクセル.jpg', () => bombs.jpeg(8_000, 6_000), true],
  ['48メガピクセル.png', () => bombs.png(8_000, 6_000, { alpha: true }), true],
  // 384 MB of pixels are more than a decoder gets: it is sent on as it is.
  ['48メガピクセル-16.png', () => bombs.png(8_000, 6_000, { alpha: true, depth: 16 }), false],
  ['九千件.zip', () => bombs.manyEntries(9_000), false],
];

/** Every file below a folder. */
async function pieces(/** @type {Server} */ server) {
  const all = await readdir(join(server.data, 'files'), { recursive: true, withFileTypes: true }).catch(() => []);
  return all.filter((one) => one.isFile()).length;
}

test('bombs are refused within bounded memory and leave nothing', { skip: process.platform !== 'linux' }, async (t) => {
  const server = await Server.fresh();
  try {
    const owner = await organisation(server);
    const room = await owner.room('駅前店 連絡', []);
    const used = async () => (await owner.call('GET', '/usage')).member.used;
    /** Uploads under a watch; what was answered. */
    const tried = async (/** @type {string} */ name, /** @type {Buffer} */ bytes) => {
      const started = performance.now();
      const seen = await watched(server.pid, () => upload(owner, room, { name, bytes }));
      const { own, child } = seen;
      const took = Math.round(performance.now() - started);
      const { file, answer } = seen.result;
      const cost = [own, child].map((one) => `${(one / MIB).toFixed(0)} MiB`).join(', child ');
      t.diagnostic(`${name} (${(bytes.length / 1024).toFixed(0)} KiB): ${answer.body.code ?? answer.status}; ${took} ms; server ${cost}`);
      assert.ok(own <= MOST.own && child <= MOST.child, `${name}: ${cost}`);
      return { file, answer };
    };

    for (const [name, make, code] of REFUSED) {
      await t.test(`${name} is refused`, async () => {
        const { file, answer } = await tried(name, await make());
        assert.deepEqual([answer.status, answer.body.code], [422, code]);
        const after = await owner.try('GET', `/uploads/${file}`);
        assert.deepEqual([after.status, await pieces(server), await used()], [404, 0, 0], 'nothing is left');
      });
    }

    for (const [name, make, shown] of ACCEPTED) {
      await t.test(`${name} passes`, async () => {
        const bytes = await make();
        const { file, answer } = await tried(name, bytes);
        assert.deepEqual([answer.status, answer.body.preview], [201, shown]);
        await owner.call('PUT', `/rooms/${room}/messages/${newId()}`, { text: '', files: [file] });
        const thumbnail = await ask(owner, 'GET', `/files/${file}/thumbnail?size=large`);
        assert.equal(thumbnail.status, shown ? 200 : 404);
        assert.ok((await used()) >= bytes.length);
      });
    }

    await t.test('six large pictures at once wait for each other', async () => {
      const picture = await bombs.png(8_000, 6_000, { alpha: true });
      const seen = await watched(server.pid, () =>
        together(Array.from({ length: 6 }), 6, (_, n) => upload(owner, room, { name: `${n}.png`, bytes: picture })),
      );
      assert.deepEqual(seen.result.map(({ answer }) => answer.status), Array(6).fill(201));
      const cost = `server ${(seen.own / MIB).toFixed(0)} MiB, ${seen.atOnce} children of ${(seen.child / MIB).toFixed(0)} MiB`;
      t.diagnostic(`six pictures of 48 megapixels at once: ${cost}`);
      assert.ok(seen.own <= MOST.own && seen.child <= MOST.child && seen.atOnce <= DECODED_AT_ONCE, cost);
    });

    assert.equal((await fetch(`${server.url}/readyz`)).status, 200, 'it goes on');
  } finally {
    await server.remove();
  }
});
