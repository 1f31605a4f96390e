// R14, R15, R76: being called: by a page nobody looks at, by a push to this browser, and where a tap leads.
import assert from 'node:assert/strict';
import { after } from 'node:test';

import { organisation } from '../harness/api.mjs';
import { journey } from '../harness/journey.mjs';
import { settled } from '../harness/kept.mjs';
import { browserKeys, opened, pusher, Service, shown } from '../harness/pushes.mjs';
import { RoomPage } from '../harness/room.mjs';

const PLAIN = '新しいメッセージがあります';

/** Two rooms of two people; the second sits at a window that may show notifications. */
async function shop(/** @type {import('../harness/journey.mjs').Stage} */ { server, browser }) {
  const owner = await organisation(server);
  const otsu = await owner.bring({ family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう' });
  const rooms = [await owner.room('駅前店 連絡', [otsu]), await owner.room('厨房', [otsu])];
  const settings = await owner.call('GET', '/organisation/settings');
  const decide = (/** @type {object} */ push) =>
    owner.call('PUT', '/organisation/settings', { ...settings, mail: { on: false }, push });
  const window = await browser.window('乙川', server.url);
  await window.context.grantPermissions(['notifications', 'clipboard-read'], { origin: server.url });
  await otsu.window(window.context);
  return { owner, otsu, rooms, decide, window };
}

/** A headless browser shows every tab: what a page is told of being looked at is told here. */
async function look(/** @type {import('playwright-core').Page} */ page, /** @type {'visible' | 'hidden'} */ state) {
  await page.evaluate((now) => {
    Object.defineProperty(document, 'visibilityState', { value: now, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
}

/** Taps one that is shown, as the system would tell the worker. @param {import('playwright-core').BrowserContext} context */
async function tap(context) {
  const [worker] = context.serviceWorkers();
  await worker.evaluate(async () => {
    const scope = /** @type {any} */ (globalThis);
    const [notification] = await scope.registration.getNotifications();
    scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
  });
}

journey('a page that nobody looks at calls: once for each room, with no more than the organisation shows', async (stage) => {
  const { owner, otsu, rooms, decide, window } = await shop(stage);
  const { page } = window;
  const [station, kitchen] = rooms;
  const begin = async () => {
    await page.goto('/people');
    await settled(page);
    // What listens comes a moment after the page.
    await page.waitForTimeout(4_500);
    await look(page, 'hidden');
  };
  await begin();

  await stage.step('nothing of a room or a message in it; one for each room', async () => {
    await owner.post(station, '金庫の番号は7です');
    await stage.until(async () => (await shown(page)).length === 1);
    await owner.post(station, 'もう一度、金庫です');
    await owner.post(kitchen, '仕込みです');
    await stage.until(async () => (await shown(page)).length === 2);
    assert.deepEqual(await shown(page), [`${PLAIN}|`, `${PLAIN}|`]);
    await page.waitForFunction(() => document.title.startsWith('(3) '));
  });

  await stage.step('what was read on another device goes', async () => {
    const { seq } = (await otsu.messages(kitchen)).at(-1);
    await otsu.call('PUT', `/rooms/${kitchen}/read`, { upto: seq });
    await stage.until(async () => (await shown(page)).length === 1);
    await page.waitForFunction(() => document.title.startsWith('(2) '));
  });

  await stage.step('a tap opens its room in the window that is there', async () => {
    await tap(window.context);
    await page.waitForURL(`**/rooms/${station}`);
    await page.getByRole('log').getByText('もう一度、金庫です').waitFor();
    assert.deepEqual(await shown(page), []);
  });

  for (const [shows, words] of [
    ['room', `厨房|${PLAIN}`],
    ['text', '厨房|甲野 花子：揚げ油が切れます'],
  ]) {
    await stage.step(`where the organisation shows ${shows}`, async () => {
      await decide({ on: false, shows });
      await begin();
      await owner.post(kitchen, '揚げ油が切れます');
      // It takes the place of the one before.
      await stage.until(async () => (await shown(page)).join() === words);
    });
  }

  await stage.step('looked at, in this tab or in another, it is silent', async () => {
    const other = await window.context.newPage();
    await other.goto('/people');
    await other.getByRole('navigation', { name: 'おもな画面' }).waitFor();
    await other.waitForTimeout(4_500);
    const before = await shown(page);
    await owner.post(station, '見ているときは鳴りません');
    // What was said is here: it counts, and nothing more.
    await page.waitForFunction(() => document.title.startsWith('(5) '));
    await page.waitForTimeout(1_000);
    assert.deepEqual(await shown(page), before);
  });
});

const service = await Service.start();
after(() => service.stop());

journey(
  'switched on in the settings, a push reaches this browser sealed, is shown, and a tap leads to its room',
  async (stage) => {
    const { owner, rooms, decide, window } = await shop(stage);
    const { page, context } = window;
    await decide({ on: true, shows: 'nothing' });
    const keys = browserKeys();
    const endpoint = `${service.url}/push/otsu`;
    const made = { p256dh: keys.pair.getPublicKey('base64url'), auth: keys.auth.toString('base64url') };
    // Chromium without a head has no push service: only its answer to `subscribe` is given here.
    await page.addInitScript(
      ({ at, halves }) => {
        const KEPT = 'journey.push';
        const manager = PushManager.prototype;
        const subscription = () => {
          const key = sessionStorage.getItem(KEPT);
          if (!key) return null;
          const applicationServerKey = Uint8Array.from(key.split(','), Number).buffer;
          const unsubscribe = async () => sessionStorage.removeItem(KEPT) === undefined;
          return { endpoint: at, options: { applicationServerKey }, toJSON: () => ({ endpoint: at, keys: halves }), unsubscribe };
        };
        manager.getSubscription = async () => /** @type {any} */ (subscription());
        manager.subscribe = async (options) => {
          sessionStorage.setItem(KEPT, String(options?.applicationServerKey));
          return /** @type {any} */ (subscription());
        };
      },
      { at: endpoint, halves: made },
    );
    await page.goto('/me/notifications');
    await settled(page);
    const toggle = page.getByRole('switch', { name: 'この端末に通知する' });

    await stage.step('one switch', async () => {
      await toggle.check({ force: true });
      await page.getByRole('button', { name: '試しに1つ出す' }).waitFor();
      await stage.until(async () => (await shown(page)).length === 0);
    });

    let payload = /** @type {any} */ (null);
    await stage.step('a message leaves the house sealed for this browser alone', async () => {
      await owner.post(rooms[0], '金庫の番号は7です');
      const { path, body } = await service.next();
      assert.equal(path, '/push/otsu');
      payload = opened(keys, body);
      assert.equal(payload.title, undefined);
    });

    const push = await pusher(page, stage.server.url);
    const deliver = () => push(payload);

    await stage.step('the worker beside the page shows it, and a tap opens the room', async () => {
      await deliver();
      await stage.until(async () => (await shown(page)).length === 1);
      assert.deepEqual(await shown(page), [`${PLAIN}|`]);
      await tap(context);
      await page.waitForURL(`**/rooms/${rooms[0]}`);
    });

    await stage.step('with no window left, a tap opens one there', async () => {
      await page.goto('/me/notifications');
      await owner.post(rooms[1], '仕込みです');
      payload = opened(keys, (await service.next()).body);
      await deliver();
      await stage.until(async () => (await shown(page)).length === 1);
      const [worker] = context.serviceWorkers();
      // Only a real tap may open a window: what the worker asks for is what is looked at.
      await worker.evaluate(() => {
        const scope = /** @type {any} */ (globalThis);
        scope.clients.openWindow = async (/** @type {string} */ path) => void (scope.asked = path);
      });
      await page.goto('about:blank');
      await tap(context);
      await stage.until(async () => (await worker.evaluate(() => /** @type {any} */ (globalThis).asked)) === `/rooms/${rooms[1]}`);
    });

    await stage.step('switched off, nothing leaves any more', async () => {
      await page.goto('/me/notifications');
      await toggle.uncheck({ force: true });
      await page.getByRole('button', { name: '試しに1つ出す' }).waitFor({ state: 'detached' });
      await owner.post(rooms[1], 'もう届きません');
      await service.nothing();
    });
  },
  'sqlite',
  { KAIRAN_PUSH_SERVICES: service.url },
);
