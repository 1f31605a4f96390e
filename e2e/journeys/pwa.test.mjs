// R13, R14, R15: the app on the phone: installs, opens without a line, is called without words, takes what is shared.
import assert from 'node:assert/strict';

import { organisation } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import { journey } from '../harness/journey.mjs';
import { kept, settled, written } from '../harness/kept.mjs';
import { RoomPage } from '../harness/room.mjs';

/** Two people in one room; the second holds a phone. */
async function room(/** @type {import('../harness/journey.mjs').Stage} */ { server, browser }) {
  const owner = await organisation(server);
  const otsu = await owner.bring({ family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう' });
  const id = await owner.room('駅前店 連絡', [otsu]);
  const window = await browser.window('乙川', server.url, { hold: 'phone' });
  await otsu.window(window.context);
  return { owner, otsu, id, window, page: new RoomPage(window.page) };
}

journey('the app can be installed, and opens at any address without a line', async (stage) => {
  const { owner, id, window, page } = await room(stage);
  await owner.post(id, '本日の入荷は42箱');
  await page.open(id);
  await page.hears('本日の入荷は42箱');
  await settled(window.page);

  await stage.step('the manifest is whole: names, icons, shortcuts, a target for sharing', async () => {
    const devtools = await window.context.newCDPSession(window.page);
    const { url, data, errors } = await devtools.send('Page.getAppManifest');
    assert.deepEqual(errors, []);
    assert.ok(url.endsWith('/manifest.webmanifest'));
    const manifest = JSON.parse(data ?? '{}');
    assert.equal(manifest.short_name, '回覧');
    for (const { src } of [...manifest.icons, ...manifest.shortcuts.flatMap((/** @type {any} */ one) => one.icons)]) {
      const icon = await fetch(new URL(src, stage.server.url));
      assert.equal(icon.status, 200, src);
    }
    for (const { url: path } of manifest.shortcuts) assert.equal((await fetch(new URL(path, stage.server.url))).status, 200);
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
    // Every window of a test is a private one, which Chromium never installs from.
    assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'), []);
  });

  await stage.step('the worker is never taken from a cache without asking', async () => {
    const worker = await fetch(`${stage.server.url}/service-worker.js`);
    assert.equal(worker.headers.get('cache-control'), 'no-cache');
    assert.match(worker.headers.get('content-type') ?? '', /javascript/);
    const manifest = await fetch(`${stage.server.url}/manifest.webmanifest`);
    assert.equal(manifest.headers.get('content-type'), 'application/manifest+json');
  });

  await stage.step('a room opens without a line, and says as of when it is', async () => {
    await written(window.page);
    await window.offline(true);
    await window.page.reload();
    await page.hears('本日の入荷は42箱');
    await window.page.getByText('までの内容です').first().waitFor();
    assert.deepEqual(await obstacles(window.page, 'a room without a line'), []);
  });

  await stage.step('so does the list, and a room that is not here says so', async () => {
    await window.page.goto('/rooms');
    await window.page.getByRole('link', { name: /駅前店 連絡/ }).waitFor();
    await window.page.goto('/rooms/0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f');
    await window.page.getByText('まだこの端末にありません').waitFor();
  });

  await stage.step('no answer of the API lies in the copies', async () => {
    const copied = await window.page.evaluate(async () => {
      const paths = [];
      for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname);
      return paths;
    });
    assert.ok(copied.includes('/'), 'the page is there');
    assert.deepEqual(copied.filter((path) => path.startsWith('/api')), []);
  });
});

journey('what lies in the browser tells nothing, and goes with the session', async (stage) => {
  const { owner, id, window, page } = await room(stage);
  const secret = '顧客名簿は金庫の三段目';
  await owner.post(id, secret);
  await page.open(id);
  await page.hears(secret);
  await settled(window.page);

  await stage.step('messages, names, drafts and letters lie there, and none can be read', async () => {
    await page.field.fill('書きかけの返事です');
    await written(window.page);
    await window.offline(true);
    await page.field.fill('まだ届かない返事です');
    await page.button.click();
    await page.message('まだ届かない返事です').waitFor();
    await page.field.fill('つぎの書きかけです');
    await window.page.waitForTimeout(1_500);
    const { text, records } = await kept(window.page);
    for (const store of ['rooms', 'outbox', 'drafts', 'directory', 'me'])
      assert.ok(records.some((one) => one.includes(`"${store}"`)), `${store} is kept: ${records.join(', ')}`);
    for (const word of ['顧客名簿', '書きかけ', '届かない', '乙川', '甲野', 'おつかわ', '見本商店', '駅前店'])
      assert.ok(!text.includes(word), `「${word}」 can be read`);
    assert.ok(text.includes('sealed key') && !text.includes('extractable key'));
    await window.offline(false);
    await page.sent('まだ届かない返事です');
  });

  await stage.step('signing out leaves nothing', async () => {
    await window.page.goto('/me');
    await window.page.getByRole('button', { name: 'サインアウト' }).click();
    const sure = window.page.getByRole('dialog').getByRole('button', { name: /サインアウト/ });
    await sure.click({ timeout: 2_000 }).catch(() => {});
    await stage.until(async () => window.page.url().includes('/sign-in'));
    await window.page.waitForTimeout(1_500);
    assert.deepEqual((await kept(window.page)).records, []);
    // A worker that was just copying the app may finish: that is what everyone is served before signing in.
    const copied = await window.page.evaluate(async () => {
      const paths = [];
      for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname);
      return paths;
    });
    const strange = copied.filter((path) => !/^\/($|_app\/|icons?[/.-]|[\w.-]+\.(svg|png|ico|webmanifest|json|txt)$)/.test(path));
    assert.deepEqual(strange, [], 'nothing but the app itself');
  });
});

journey('a session ended elsewhere takes what was kept with it', async (stage) => {
  const { owner, otsu, id, window, page } = await room(stage);
  await owner.post(id, '見えてはいけない');
  await page.open(id);
  await page.hears('見えてはいけない');
  await written(window.page);
  assert.ok((await kept(window.page)).records.length > 0);
  const sessions = await otsu.call('GET', '/me/sessions');
  for (const { id: session } of sessions) if (session !== otsu.session) await otsu.call('DELETE', `/me/sessions/${session}`);
  await stage.until(async () => window.page.url().includes('/sign-in'));
  await window.page.waitForTimeout(1_000);
  assert.deepEqual((await kept(window.page)).records.filter((one) => !one.startsWith('plain')), []);
});

journey('when the lease is over, nothing can be read without a line', async (stage) => {
  const { owner, id, window, page } = await room(stage);
  await owner.post(id, '期限のある話');
  await window.page.clock.install();
  await page.open(id);
  await page.hears('期限のある話');
  await settled(window.page);
  await window.page.clock.runFor(8_000);
  await window.page.waitForTimeout(500);
  await window.page.clock.runFor(8_000);

  await stage.step('23 hours later it still opens', async () => {
    await window.offline(true);
    await window.page.clock.fastForward('23:00:00');
    await window.page.reload();
    await page.hears('期限のある話');
    await page.field.fill('期限の前に書いた');
    await page.button.click();
    await page.message('期限の前に書いた').waitFor();
    await window.page.waitForTimeout(500);
  });

  await stage.step('after 24 hours it does not, and only what waits to be sent is left, sealed', async () => {
    await window.page.clock.fastForward('02:00:00');
    await window.page.getByText('読める時間が過ぎました').waitFor();
    assert.equal(await window.page.getByText('期限のある話').count(), 0);
    const { records, text } = await kept(window.page);
    assert.ok(!text.includes('sealed key'), 'the key is gone');
    assert.deepEqual(records.filter((one) => /"(rooms|me|directory)"/.test(one)), []);
    assert.ok(records.some((one) => one.includes('"outbox"')));
  });

  await stage.step('with a line the same session goes on, and sends what waited', async () => {
    // The page comes back by itself when there is a line.
    await window.offline(false);
    await page.hears('期限のある話');
    await window.page.clock.runFor(5_000);
    await page.sent('期限の前に書いた');
    assert.deepEqual((await owner.messages(id)).map((one) => one.text), ['期限のある話', '期限の前に書いた']);
  });
});

journey('a push is shown without words, replaced and not stacked', async (stage) => {
  const { id, window, page } = await room(stage);
  await window.context.grantPermissions(['notifications'], { origin: stage.server.url });
  await page.open(id);
  await settled(window.page);
  const devtools = await window.context.newCDPSession(window.page);
  const registration = new Promise((resolve) =>
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) =>
      registrations[0] && resolve(registrations[0].registrationId)));
  await devtools.send('ServiceWorker.enable');
  const push = async (/** @type {unknown} */ payload) => {
    await devtools.send('ServiceWorker.deliverPushMessage', {
      origin: stage.server.url,
      registrationId: /** @type {string} */ (await registration),
      data: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
    await window.page.waitForTimeout(700);
    return window.page.evaluate(async () =>
      (await (await navigator.serviceWorker.ready).getNotifications()).map(({ title, body, tag }) => ({ title, body, tag })));
  };
  const words = { title: '新しいメッセージがあります', body: '' };

  await stage.step('one for each room, in the worker’s own words', async () => {
    assert.deepEqual(await push({ v: 1, tag: 'a1', badge: 1, waiting: ['a1'] }), [{ ...words, tag: 'a1' }]);
    assert.deepEqual(await push({ v: 1, tag: 'a1', badge: 2, waiting: ['a1'] }), [{ ...words, tag: 'a1' }]);
    const two = await push({ v: 1, tag: 'b2', badge: 3, waiting: ['a1', 'b2'] });
    assert.deepEqual(two.map(({ tag }) => tag).sort(), ['a1', 'b2']);
  });

  await stage.step('what was read elsewhere goes', async () => {
    assert.deepEqual((await push({ v: 1, tag: 'b2', badge: 1, waiting: ['b2'] })).map(({ tag }) => tag), ['b2']);
  });

  await stage.step('words come only from the server, when the organisation shows them', async () => {
    const shown = await push({ v: 1, tag: 'b2', badge: 1, waiting: ['b2'], title: '駅前店 連絡', body: '乙川：はい' });
    assert.deepEqual(shown, [{ title: '駅前店 連絡', body: '乙川：はい', tag: 'b2' }]);
    // A damaged one still shows that something came.
    assert.equal((await push('%%%')).at(-1)?.title, words.title);
  });
});

/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

/** What the system does when another app shares: it posts a form to the app. @param {import('playwright-core').Page} page */
async function share(page, /** @type {string} */ words, /** @type {Buffer} */ picture) {
  await Promise.all([
    page.waitForURL('**/share?id=*'),
    page.evaluate(([text, base64]) => {
      const form = Object.assign(document.createElement('form'), {
        method: 'post', action: '/share', enctype: 'multipart/form-data',
      });
      const field = (/** @type {string} */ name, /** @type {string} */ value) =>
        form.append(Object.assign(document.createElement('input'), { name, value }));
      field('title', '');
      field('text', text);
      const files = Object.assign(document.createElement('input'), { type: 'file', name: 'files' });
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
      transfer.items.add(new File([bytes], '棚.png', { type: 'image/png' }));
      files.files = transfer.files;
      form.append(files);
      document.body.append(form);
      form.submit();
    }, [words, picture.toString('base64')]),
  ]);
}

journey('a photograph shared from another app goes into a room', async (stage) => {
  const { id, window, page } = await room(stage);
  await page.open(id);
  await settled(window.page);
  await stage.step('the system posts it to the app, which asks where it goes', async () => {
    await share(window.page, '棚の写真です', PIXEL);
    await window.page.getByRole('heading', { name: 'どこに送りますか' }).waitFor();
    await window.page.getByText('棚.png').waitFor();
    assert.deepEqual(await obstacles(window.page, 'choosing a room for what was shared'), []);
    assert.ok(!(await kept(window.page)).text.includes('棚の写真'), 'it lies there sealed');
  });

  await stage.step('the room opens with the words written and the file attached', async () => {
    await window.page.getByRole('searchbox', { name: '送り先の部屋を探す' }).fill('駅前');
    await window.page.getByRole('button', { name: /駅前店 連絡/ }).click();
    await page.log.waitFor();
    await assert.doesNotReject(page.field.waitFor());
    assert.equal(await page.field.inputValue(), '棚の写真です');
    await page.button.waitFor();
    assert.deepEqual((await kept(window.page)).records.filter((one) => one.includes('"shared"')), []);
  });
});

journey('what is shared without a line waits in its room and arrives when the line is back', async (stage) => {
  const { owner, id, window, page } = await room(stage);
  await page.open(id);
  await settled(window.page);
  // What a start without a line needs, and what attaching needs, come a moment after the room stands.
  await window.page.waitForTimeout(12_000);
  await window.offline(true);

  await stage.step('the app opens and takes it, says that there is no line, and lays it into the room', async () => {
    await share(window.page, '地下の棚です', PIXEL);
    await window.page.getByRole('heading', { name: 'どこに送りますか' }).waitFor();
    await window.page.getByText('棚.png').waitFor();
    await window.page.getByText('電波がありません', { exact: false }).first().waitFor();
    // Put away and opened again it is still there.
    await window.page.reload();
    await window.page.getByText('棚.png').waitFor();
    await window.page.getByRole('button', { name: /駅前店 連絡/ }).click();
    await stage.until(async () => (await page.field.inputValue()) === '地下の棚です');
    await page.button.click();
    await page.message('地下の棚です').waitFor();
  });

  await stage.step('the list of rooms says that something waits there, and what', async () => {
    await window.page.getByRole('link', { name: '部屋の一覧に戻る' }).click();
    await window.page.getByRole('link', { name: /駅前店 連絡.*送信待ち.*地下の棚です/ }).waitFor();
    assert.deepEqual(await obstacles(window.page, 'the list with something that waits'), []);
    assert.equal((await owner.messages(id)).length, 0);
  });

  await stage.step('with the line back both arrive, once', async () => {
    await window.offline(false);
    await stage.until(async () => (await owner.messages(id)).length === 1, 40_000);
    const [message] = await owner.messages(id);
    assert.deepEqual([message.text, message.files.map((/** @type {any} */ one) => one.name)], ['地下の棚です', ['棚.png']]);
    await window.page.getByRole('link', { name: /駅前店 連絡.*送信待ち/ }).waitFor({ state: 'detached' });
  });
});

/** Safari on an iPhone; the word for what it opened in comes last when that is another app. */
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';

journey('an iPhone is told in words and pictures how to be reached', async (stage) => {
  const { owner } = await room(stage);
  for (const theme of /** @type {const} */ (['light', 'dark'])) {
    for (const [name, userAgent, elsewhere] of /** @type {const} */ ([
      ['Safari', IPHONE, false],
      ['another app', `${IPHONE} Line/14.5.0`, true],
    ])) {
      await stage.step(`${name}, ${theme}`, async () => {
        const { page, context } = await stage.browser.window(`${name}-${theme}`, stage.server.url, { hold: 'phone', theme, userAgent });
        await owner.window(context);
        await page.goto('/me/notifications');
        const how = page.getByRole('region', { name: 'ホーム画面に追加' });
        await how.getByText('ホーム画面に追加したものだけが通知を受け取れます').waitFor();
        assert.equal(await how.getByRole('listitem').count(), 3);
        assert.equal(await how.getByRole('img').count(), 3, 'each step has its picture, with words for those who do not see it');
        assert.equal(await how.getByText('このページをSafariで開いてください').count(), Number(elsewhere));
        assert.equal(await page.getByRole('switch', { name: 'この端末に通知する' }).count(), 0, 'no switch that could not work');
        assert.deepEqual(await obstacles(page, `how to install, ${theme}`), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
      });
    }
  }
});
