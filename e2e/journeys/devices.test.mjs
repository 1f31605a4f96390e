// Devices: a browser is enrolled with a code (R12), its session is bound to its key (R18), it can be locked (R20) and
// wiped (R13, R14), and its person agrees to the terms again when they change.
import assert from 'node:assert/strict';
import { after } from 'node:test';

import { organisation, Person } from '../harness/api.mjs';
import { Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { settled } from '../harness/kept.mjs';
import { browserKeys, opened, pusher, Service, shown } from '../harness/pushes.mjs';
import * as door from '../pages/door.mjs';

const WITHIN = 10_000;
/** A person who holds no role with power, so that a password is all the door asks first. */
const MEMBER = {
  family_name: '乙川',
  given_name: '二葉',
  family_kana: 'おつかわ',
  given_kana: 'ふたば',
  login: 'otsukawa',
};

/** What a browser still holds of a person, by kind. */
const holds = (/** @type {import('playwright-core').Page} */ page) =>
  page.evaluate(async () => {
    const databases = (await indexedDB.databases()).map(({ name }) => name).filter((name) => name !== 'kairan-device');
    const keys = await new Promise((done) => {
      const opening = indexedDB.open('kairan-device');
      opening.onupgradeneeded = () => opening.transaction?.abort();
      opening.onerror = () => done(0);
      opening.onsuccess = () => {
        const all = opening.result.transaction('keys').objectStore('keys').getAll();
        all.onsuccess = () => {
          opening.result.close();
          done(all.result.length);
        };
      };
    });
    const worker = await navigator.serviceWorker.getRegistration();
    return {
      databases,
      caches: await caches.keys(),
      keys,
      subscription: (await worker?.pushManager.getSubscription().catch(() => null)) != null,
    };
  });

/** Brings a second browser of a member in, with a code shown by the first. */
async function second(browser, server, owner, person, name, { hold = 'phone' } = {}) {
  const window = await browser.window(name, server.url, { hold });
  const hands = new Pointer(window.page);
  const { code } = await owner.call('POST', `/members/${person.id}/device-code`, { ownership: 'own' });
  await window.page.goto('/');
  await door.signIn(hands, person.login, person.password);
  await door.enrolDevice(hands, code, '私のスマホ');
  await door.agree(hands);
  await door.inside(window.page);
  return { window, page: window.page, hands };
}

const one = async (/** @type {Person} */ owner, /** @type {Person} */ person, /** @type {string} */ name) =>
  (await owner.call('GET', `/devices?member=${person.id}`)).devices.find((/** @type {any} */ device) => device.name === name);

journey('a second browser comes in with a code shown by the first', async ({ server, browser, step, until }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  const desk = await browser.window('desk', server.url);
  const phone = await browser.window('phone', server.url, { hold: 'phone' });
  const thumb = new Pointer(phone.page);
  let code = '';

  await step('the enrolled browser shows a code and a QR', async () => {
    await person.window(desk.context);
    await desk.page.goto('/me/devices');
    await desk.page.getByRole('link', { name: '端末を加える' }).click();
    await desk.page.getByRole('img', { name: '登録用のQRコード' }).waitFor();
    code = (await desk.page.locator('.code8').innerText()).replace(/[^0-9A-Z]/g, '');
    assert.equal(code.length, 8);
    await desk.page.getByText(/あと \d+分\d+秒/).waitFor();
  });

  await step('the address in the QR keeps the code through the sign-in; a wrong one is refused in words', async () => {
    await phone.page.goto(`/enrol#${code.slice(0, 4)}-${code.slice(4)}`);
    await door.signIn(thumb, person.login, person.password);
    await phone.page.getByRole('heading', { name: 'この端末を加えます' }).waitFor();
    const field = phone.page.getByLabel('8文字のコード');
    assert.equal((await field.inputValue()).replace('-', ''), code, 'the code is filled in');
    assert.ok((await phone.page.getByLabel('端末の名前').inputValue()).length > 0, 'a name is proposed');
    await field.fill('zzzz 9999');
    await phone.page.getByRole('button', { name: 'この端末を加える' }).click();
    await phone.page.getByText('認証コードが違うか').waitFor();
    await field.fill(code.toLowerCase());
    await phone.page.getByLabel('端末の名前').fill('私のスマホ');
    await phone.page.getByRole('button', { name: 'この端末を加える' }).click();
  });

  await step('the terms are read and agreed to, and the app opens', async () => {
    await door.agree(thumb);
    await door.inside(phone.page);
  });

  await step('the page with the code closes itself, and both browsers are in the list', async () => {
    await desk.page.waitForURL(/\/me\/devices$/, { timeout: WITHIN });
    await desk.page.getByRole('heading', { name: '私のスマホ' }).waitFor();
    const found = await one(owner, person, '私のスマホ');
    assert.equal(found.state, 'enrolled');
    assert.equal(found.consent.version, 1);
    await phone.page.goto('/me/devices');
    await phone.page.getByText('この端末', { exact: true }).first().waitFor();
  });

  await step('it is known again after signing out, without a code', async () => {
    await door.signOut(thumb);
    await door.signIn(thumb, person.login, person.password);
    await door.inside(phone.page);
    await until(async () => (await owner.call('GET', `/devices?member=${person.id}`)).devices.length === 2);
  });
});

journey('a stolen cookie is worth ten minutes at most, and opens no socket', async ({ server, browser, step, say }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  const { page, window } = await second(browser, server, owner, person, 'theirs', { hold: 'desktop' });

  /** @param {string} path @param {string} cookie @param {string} [method] @param {unknown} [body] */
  const asThief = async (path, cookie, method = 'GET', body) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: { cookie, origin: server.url, 'content-type': 'application/json' },
      body: body ? JSON.stringify(body) : undefined,
    });
    return { status: answer.status, code: (await answer.json().catch(() => ({})))?.code };
  };
  const stolen = await window.context.cookies();
  const jar = stolen.map(({ name, value }) => `${name}=${value}`).join('; ');

  await step('the copied cookie opens no socket without the key', async () => {
    assert.equal((await asThief('/session', jar)).status, 200, 'the copy is good');
    const refused = await asThief('/gateway/ticket', jar, 'POST', {});
    assert.equal(refused.status, 401);
    assert.equal(refused.code, 'device.proof_refused');
  });

  await step('the browser renews, and the copy is worth nothing', async () => {
    const renewed = page.waitForResponse((answer) => answer.url().endsWith('/session/renew') && answer.status() === 204);
    // Half the token's life goes by.
    await page.evaluate(async () => {
      const open = indexedDB.open('kairan-device');
      await new Promise((done) => (open.onsuccess = done));
      const store = open.result.transaction('keys', 'readwrite').objectStore('keys');
      const all = store.getAll();
      await new Promise((done) => (all.onsuccess = done));
      for (const held of all.result) store.put({ ...held, renewed: Date.now() - 6 * 60_000 });
      await new Promise((done) => (store.transaction.oncomplete = done));
      open.result.close();
      dispatchEvent(new Event('online'));
    });
    await renewed;
    const after = await asThief('/session', jar);
    assert.equal(after.status, 401, 'the copy opens nothing');
    say(`the copied cookie after the renewal: ${after.status} ${after.code}`);
  });

  await step('in a browser of the thief it leads to the door', async () => {
    const thief = await browser.window('thief', server.url);
    await thief.context.addCookies(stolen);
    await thief.page.goto('/rooms');
    await thief.page.getByLabel('社員番号・ログインID').waitFor();
  });

  await step('its owner goes on as if nothing had been', async () => {
    await page.reload();
    await door.inside(page);
  });
});

journey('a lost phone is locked from the desk', async ({ server, browser, step, say }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  await owner.room('店の連絡', [person]);
  const desk = await browser.window('desk', server.url);
  const { page } = await second(browser, server, owner, person, 'phone');

  await step('the phone is in, its socket open', async () => {
    await page.getByText('店の連絡').first().waitFor();
    await person.window(desk.context);
    await desk.page.goto('/me/devices');
    await desk.page.getByRole('heading', { name: '私のスマホ' }).waitFor();
  });

  await step('a press on ロック closes it within a second', async () => {
    const closed = page.waitForURL(/why=locked/, { timeout: WITHIN });
    const answered = desk.page.waitForResponse((answer) => /\/lock$/.test(answer.url()) && answer.ok());
    const began = Date.now();
    await desk.page.getByRole('button', { name: '「私のスマホ」をロックする' }).click();
    await answered;
    say(`lock answered after ${Date.now() - began} ms`);
    await closed;
    say(`the phone's page was closed ${Date.now() - began} ms after the press`);
    await page.getByText('この端末はロックされています').waitFor();
    await desk.page.getByText('ロックしました').first().waitFor();
    const left = await holds(page);
    assert.deepEqual(left.databases, [], 'nothing is left to read');
    assert.equal(left.keys, 1, 'the key stays');
  });

  await step('signing in there is refused with words; unlocked, it is known again', async () => {
    const hands = new Pointer(page);
    await door.signIn(hands, person.login, person.password);
    await page.getByText('この端末はロックされています。解くには').waitFor();
    await desk.page.getByRole('button', { name: '「私のスマホ」のロックを解く' }).click();
    await desk.page.getByRole('button', { name: '「私のスマホ」をロックする' }).waitFor();
    await door.signIn(hands, person.login, person.password);
    await door.inside(page);
  });
});

journey('a device that was offline wipes itself when it returns', async ({ server, browser, step, say, until }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  const room = await owner.room('店の連絡', [person]);
  await owner.post(room, '歳末の配送は28日まで');
  const { window, page } = await second(browser, server, owner, person, 'phone');
  let device = /** @type {any} */ (null);

  await step('it keeps things, and goes out of reach', async () => {
    await page.goto(`/rooms/${room}`);
    await page.getByText('歳末の配送は28日まで').last().waitFor();
    await until(async () => (await holds(page)).databases.includes('kairan'));
    await window.offline(true);
    device = await one(owner, person, '私のスマホ');
  });

  await step('the order stands in the register as not yet confirmed', async () => {
    await owner.call('POST', `/devices/${device.id}/wipe`);
    const waiting = await one(owner, person, '私のスマホ');
    assert.equal(waiting.state, 'wiping');
    assert.equal(waiting.wipe.confirmed_at, null);
  });

  await step('back in reach, everything goes and the register says so', async () => {
    await window.offline(false);
    await page.waitForURL(/why=wiped/);
    await page.getByText('この端末に残っていたものを消しました').waitFor();
    await until(async () => (await one(owner, person, '私のスマホ')).wipe.confirmed_at !== null);
    const done = await one(owner, person, '私のスマホ');
    say(`confirmed: ${done.wipe.items} things wiped`);
    assert.equal(done.state, 'wiped');
    assert.deepEqual(await holds(page), { databases: [], caches: [], keys: 0, subscription: false });
  });

  await step('to be used again it asks for a code', async () => {
    await door.signIn(new Pointer(page), person.login, person.password);
    await page.getByLabel('8文字のコード').waitFor();
  });
});

journey('a device whose session is long gone hears of its wipe at the door', async ({ server, browser, step, until }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  const { window, page } = await second(browser, server, owner, person, 'phone');

  await step('its session ends while it is away, and it is to be wiped', async () => {
    await window.offline(true);
    const device = await one(owner, person, '私のスマホ');
    const sessions = await person.call('GET', '/me/sessions');
    for (const { id, current } of sessions) if (!current) await person.call('DELETE', `/me/sessions/${id}`);
    await owner.call('POST', `/devices/${device.id}/wipe`);
    await window.context.clearCookies();
  });

  await step('opened again, it wipes and reports with its key alone', async () => {
    await window.offline(false);
    await page.goto('/sign-in');
    await page.getByText('この端末に残っていたものを消しました').waitFor();
    await until(async () => (await one(owner, person, '私のスマホ')).state === 'wiped');
    assert.deepEqual(await holds(page), { databases: [], caches: [], keys: 0, subscription: false });
  });
});

const service = await Service.start();
after(() => service.stop());
/** A page of the server that runs nothing of the client. */
const ASIDE = '/api/v1/welcome';

journey(
  'a device whose app is closed is called, wipes itself and reports, and shows nothing of a message',
  async ({ server, browser, step, say, until }) => {
    const owner = await organisation(server);
    const person = await owner.bring(MEMBER);
    const room = await owner.room('店の連絡', [person]);
    const settings = await owner.call('GET', '/organisation/settings');
    const push = { on: true, shows: 'text' };
    await owner.call('PUT', '/organisation/settings', { ...settings, mail: { on: false }, push });
    const { window, page } = await second(browser, server, owner, person, 'phone');
    await window.context.grantPermissions(['notifications'], { origin: server.url });
    const keys = browserKeys();
    let device = /** @type {any} */ (null);
    let give = /** @type {Awaited<ReturnType<typeof pusher>>} */ (async () => {});

    await step('it can be called, keeps things, and is put away', async () => {
      await page.goto(`/rooms/${room}`);
      await settled(page);
      await until(async () => (await holds(page)).databases.includes('kairan'));
      await until(async () => (await holds(page)).caches.length > 0);
      // Chromium without a head has no push service: what one would have given is told to the server here.
      const made = {
        endpoint: `${service.url}/push/phone`,
        p256dh: keys.pair.getPublicKey('base64url'),
        auth: keys.auth.toString('base64url'),
      };
      const status = await page.evaluate(async (body) => {
        const headers = { 'content-type': 'application/json' };
        return (await fetch('/api/v1/me/push', { method: 'PUT', headers, body: JSON.stringify(body) })).status;
      }, made);
      assert.equal(status, 201);
      give = await pusher(page, server.url);
      await page.goto('about:blank');
      await owner.post(room, '金庫の番号は7です');
    });

    const message = opened(keys, (await service.next()).body);
    await step('told to wipe itself, it is called once more, with nothing in it', async () => {
      assert.match(message.body, /金庫/);
      device = await one(owner, person, '私のスマホ');
      await owner.call('POST', `/devices/${device.id}/wipe`);
      const { path, body, headers } = await service.next();
      assert.equal(path, '/push/phone');
      assert.equal(headers.ttl, String(28 * 86_400), 'it is kept for a phone that is off');
      const { tag, ...said } = opened(keys, body);
      assert.deepEqual([said, tag], [{ v: 1, what: 'wipe', badge: 0, waiting: [] }, headers.topic]);
      assert.equal((await one(owner, person, '私のスマホ')).wipe.confirmed_at, null);
    });

    await step('whatever wakes it, be it a message that was under way, it wipes itself and the register says so', async () => {
      const began = Date.now();
      await give(message);
      await until(async () => (await one(owner, person, '私のスマホ')).wipe.confirmed_at !== null);
      const done = await one(owner, person, '私のスマホ');
      say(`confirmed ${Date.now() - began} ms after it was woken: ${done.wipe.items} things wiped`);
      assert.equal(done.state, 'wiped');
      assert.ok(done.wipe.items > 0);
      await page.goto(ASIDE);
      assert.deepEqual(await holds(page), { databases: [], caches: [], keys: 0, subscription: false });
      const [only, ...more] = await shown(page);
      assert.match(only ?? '', /^この端末の回覧のデータを消去しました\|/);
      assert.deepEqual(more, []);
    });

    await step('opened again, it is a stranger', async () => {
      await page.goto('/');
      await door.signIn(new Pointer(page), person.login, person.password);
      await page.getByLabel('8文字のコード').waitFor();
    });
  },
  'sqlite',
  { KAIRAN_PUSH_SERVICES: service.url },
);

journey('a device that is called without need keeps everything', async ({ server, browser, step, until }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  const { window, page } = await second(browser, server, owner, person, 'phone');
  await window.context.grantPermissions(['notifications'], { origin: server.url });
  await settled(page);
  await until(async () => (await holds(page)).databases.includes('kairan'));
  const give = await pusher(page, server.url);
  await page.goto('about:blank');

  await step('whoever sends it, the server is asked, and its word counts', async () => {
    await give({ v: 1, what: 'wipe', tag: 'call', badge: 0, waiting: [] });
    await page.goto(ASIDE);
    await until(async () => (await shown(page)).length === 1);
    assert.deepEqual(await shown(page), ['回覧を開いて、この端末の状態を確かめてください|']);
    assert.equal((await holds(page)).keys, 1);
    await page.goto('/rooms');
    await door.inside(page);
  });

  await step('without a line nothing is erased', async () => {
    await page.goto('about:blank');
    await server.kill();
    await give({ v: 1, tag: 'room', badge: 1, title: '店の連絡' });
    await server.start();
    await page.goto(ASIDE);
    await until(async () => (await shown(page)).includes('店の連絡|'));
    assert.equal((await holds(page)).keys, 1);
  });
});

journey('new terms are agreed to before anything else', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  const desk = await browser.window('owner', server.url);
  const theirs = await browser.window('member', server.url);

  await step('the owner writes a second version', async () => {
    await owner.window(desk.context);
    await person.window(theirs.context);
    await theirs.page.goto('/me/devices');
    await door.inside(theirs.page);
    await desk.page.goto('/admin/device-policy');
    await desk.page.getByRole('button', { name: '約束を書き直す' }).click();
    await desk.page.getByLabel('約束の文').fill('1. 端末を人に貸しません。\n2. なくしたら、すぐにロックします。');
    await desk.page.getByRole('button', { name: '新しい版を確かめる' }).click();
    await desk.page.getByRole('dialog').getByRole('button', { name: '新しい版にする' }).click();
  });

  await step('the member meets it at their next step, and goes on where they were', async () => {
    // The page has heard of it: it comes here by itself.
    await theirs.page.getByText('第2版').waitFor();
    await theirs.page.getByText('端末を人に貸しません').waitFor();
    await door.agree(new Pointer(theirs.page));
    await theirs.page.waitForURL(/\/me\/devices$/);
    await door.inside(theirs.page);
  });
});
