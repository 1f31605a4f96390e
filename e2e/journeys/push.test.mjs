// R14, R15, R25, R76, R77: what leaves the house when notifications are on, read by an independent implementation.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';

import { organisation } from '../harness/api.mjs';
import { browserKeys, opened, pause, Service } from '../harness/pushes.mjs';
import { Server } from '../harness/server.mjs';

const SECRET = '金庫の番号は7です';
/** RFC 8292: the token is for this service, in time, and signed with the key browsers subscribe under. */
function proves(/** @type {string} */ header, /** @type {string} */ key, /** @type {string} */ service) {
  const [, token, shown] = header.match(/^vapid t=([^,]+), k=(.+)$/) ?? [];
  assert.equal(shown, key);
  const [head, claims, signature] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'));
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } });
  const signed = Buffer.from(`${head}.${claims}`);
  const format = { key: publicKey, dsaEncoding: /** @type {const} */ ('ieee-p1363') };
  assert.ok(verify('sha256', signed, format, Buffer.from(signature, 'base64url')));
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  assert.equal(aud, service);
  assert.match(sub, /^https?:\/\//);
  const hours = (exp - Date.now() / 1000) / 3600;
  assert.ok(hours > 0 && hours <= 24, `${hours}`);
}

test('a sealed notification reaches the browser it is for, and says no more than it may', async (t) => {
  const service = await Service.start();
  const server = await Server.fresh('sqlite', { KAIRAN_PUSH_SERVICES: service.url });
  t.after(() => Promise.all([service.stop(), server.remove()]));
  const owner = await organisation(server);
  const otsu = await owner.bring({ family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう' });
  const room = await owner.room('駅前店 連絡', [otsu]);
  const settings = await owner.call('GET', '/organisation/settings');
  const decide = (/** @type {object} */ push) =>
    owner.call('PUT', '/organisation/settings', { ...settings, mail: { on: false }, push });
  const keys = browserKeys();
  const browser = {
    endpoint: `${service.url}/push/otsu?secret=abc`,
    p256dh: keys.pair.getPublicKey('base64url'),
    auth: keys.auth.toString('base64url'),
  };
  const push = async () => (await otsu.call('GET', '/me/notifications')).push;

  await t.test('off until the owner says so', async () => {
    assert.equal((await push()).key, null);
    assert.equal((await otsu.try('PUT', '/me/push', browser)).body.code, 'push.off');
    await decide({ on: true, shows: 'nothing' });
    const elsewhere = { ...browser, endpoint: 'http://127.0.0.1:1/push' };
    assert.equal((await otsu.try('PUT', '/me/push', elsewhere)).body.code, 'push.service_unknown');
    await otsu.call('PUT', '/me/push', browser);
  });

  await t.test('by default it names nothing', async () => {
    const posted = performance.now();
    await owner.post(room, SECRET);
    const { path, headers, body, at } = await service.next();
    t.diagnostic(`a notification left ${Math.round(at - posted)} ms after the message`);
    assert.equal(path, '/push/otsu?secret=abc');
    proves(String(headers.authorization), (await push()).key, service.url);
    assert.equal(headers['content-encoding'], 'aes128gcm');
    assert.equal(headers.urgency, 'normal');
    assert.ok(Number(headers.ttl) > 0);
    const payload = opened(keys, body);
    assert.deepEqual(payload, { v: 1, what: 'messages', tag: headers.topic, badge: 1, waiting: [headers.topic] });
    assert.match(String(headers.topic), /^[\w-]{1,32}$/);
    const waiting = await otsu.call('GET', '/me/push/waiting');
    assert.deepEqual(waiting.rooms, [{ tag: payload.tag, room, name: null, unread: 1, mentions: 0 }]);
  });

  for (const [shows, title, body] of [
    ['room', '駅前店 連絡', undefined],
    ['text', '駅前店 連絡', `甲野 花子：@乙川 次郎 ${SECRET}`],
  ]) {
    await t.test(`where the organisation shows ${shows}`, async () => {
      await decide({ on: true, shows });
      await owner.post(room, `@{${otsu.id}} ${SECRET}`);
      const { headers, body: sealed } = await service.next();
      assert.equal(headers.urgency, 'high');
      const payload = opened(keys, sealed);
      assert.deepEqual([payload.title, payload.body], [title, body]);
      assert.equal(payload.tag, headers.topic);
    });
  }

  await t.test('whoever reads in time, or is not in the room any more, is left alone', async () => {
    const { seq } = await owner.post(room, 'ひとつ');
    await otsu.call('PUT', `/rooms/${room}/read`, { upto: seq });
    const gone = await owner.room('もうひとつ', [otsu]);
    await owner.post(gone, 'ふたつ');
    await owner.call('DELETE', `/rooms/${gone}/members/${otsu.id}`);
    await service.nothing();
  });

  await t.test('kill -9 right after the message: it is told once, by the next start', async () => {
    await owner.post(room, '落ちる直前');
    await server.kill();
    await server.start();
    const { body } = await service.next();
    assert.match(opened(keys, body).body, /落ちる直前$/);
    await service.nothing();
  });

  await t.test('a busy service is asked again when it said, a redirect is not followed', async () => {
    service.answers.push([429, { 'retry-after': '2' }]);
    await owner.post(room, 'みっつ');
    const first = await service.next();
    const second = await service.next();
    assert.ok(second.at - first.at > 1_900, `${second.at - first.at}`);
    service.answers.push([307, { location: `${service.url}/elsewhere` }]);
    await owner.post(room, 'よっつ');
    await service.next();
    await service.nothing();
  });

  await t.test('a subscription ends when its service says so, and with its session', async () => {
    service.answers.push([410, {}]);
    await owner.post(room, 'いつつ');
    await service.next();
    await pause(500);
    assert.equal((await push()).subscribed, false);
    await otsu.call('PUT', '/me/push', browser);
    await otsu.call('DELETE', '/session');
    await owner.post(room, 'むっつ');
    await service.nothing();
  });

  await t.test('neither addresses nor text are in the log, and the metrics count', async () => {
    for (const word of ['secret=abc', browser.auth, browser.p256dh, SECRET]) {
      assert.ok(!server.log.includes(word), word);
    }
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /kairan_push_sent_total [1-9]/);
    assert.match(metrics, /kairan_push_failed_total [1-9]/);
  });
});
