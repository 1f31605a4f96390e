// The app lock (docs/decisions/0012): it closes by itself in every tab and leaves nothing to read (R13, R15); ten wrong
// tries erase what is kept here and sign out, and take neither the account nor the device's registration (R14).
import assert from 'node:assert/strict';

import { newId, organisation } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import { journey } from '../harness/journey.mjs';
import { kept, settled, written } from '../harness/kept.mjs';
import { keyring } from '../harness/passkeys.mjs';
import { pusher, shown } from '../harness/pushes.mjs';
import { RoomPage } from '../harness/room.mjs';
import * as door from '../pages/door.mjs';
import { Pointer } from '../harness/hands.mjs';
import * as lock from '../pages/lock.mjs';

const MEMBER = { family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう', login: 'otsukawa' };
/** A minute of rest and a little more, ms. */
const REST = 62_000;

/** A member with a room, and a window of theirs whose clock can be moved on. */
async function member(/** @type {import('../harness/journey.mjs').Stage} */ { server, browser }, hold = 'desktop') {
  const owner = await organisation(server);
  const otsu = await owner.bring(MEMBER);
  const room = await owner.room('駅前店 連絡', [otsu]);
  await owner.post(room, '納品は火曜の朝です');
  const window = await browser.window('乙川', server.url, { hold: /** @type {any} */ (hold) });
  await window.context.clock.install();
  await otsu.window(window.context);
  return { owner, otsu, room, window, page: window.page };
}

/** How many sockets the server has open. */
async function sockets(/** @type {string} */ url) {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(metrics.match(/^kairan_gateway_sockets (\d+)$/m)?.[1]);
}

journey('a lock closes by itself in every tab, and leaves nothing to read', async (stage) => {
  const { owner, room, window, page } = await member(stage);
  const desk = new RoomPage(page);
  await desk.open(room);
  await desk.hears('納品は火曜の朝です');
  await settled(page);

  await stage.step('it is set with a passcode, which is looked at first', async () => {
    await page.goto('/me/lock');
    await page.getByLabel('新しいパスコード').fill('123456');
    await page.getByRole('button', { name: '鍵をかけるようにする' }).click();
    await page.getByText('すぐに試されます').waitFor();
    await lock.set(page);
    await page.getByRole('combobox', { name: '鍵がかかるまで' }).selectOption('1');
  });

  const second = await window.context.newPage();
  await stage.step('another tab opens without asking, while one is open', async () => {
    // Opened anew it is shut.
    await page.goto(`/rooms/${room}`);
    await lock.type(page);
    await desk.hears('納品は火曜の朝です');
    await written(page);
    await second.goto(`/rooms/${room}`);
    await second.getByRole('log').getByText('納品は火曜の朝です').waitFor();
  });

  await stage.step('after a minute of rest both are shut, and nothing is readable', async () => {
    await stage.until(async () => (await sockets(stage.server.url)) === 2);
    await window.context.clock.fastForward(REST);
    await lock.shut(page);
    await lock.shut(second);
    await stage.until(async () => (await sockets(stage.server.url)) === 0);
    const { records, opened, carried } = await lock.unreadable(page, /納品|駅前店|甲野|乙川/);
    stage.say(`${records} sealed records, ${opened} of them open with the server's share alone`);
    assert.ok(records > 0, 'something is kept');
    assert.equal(opened, 0);
    assert.equal(carried, false, 'nor can that be carried off');
  });

  await stage.step('the passcode opens both where they were, and what was said meanwhile is there', async () => {
    await owner.post(room, '水曜に変わりました');
    await lock.type(page);
    await desk.hears('水曜に変わりました');
    await second.getByRole('log').getByText('水曜に変わりました').waitFor();
    assert.equal(new URL(page.url()).pathname, `/rooms/${room}`);
  });

  await stage.step('a touch in one tab keeps both open', async () => {
    for (let round = 0; round < 3; round += 1) {
      await window.context.clock.fastForward(40_000);
      await page.mouse.move(200 + round * 20, 300);
      await page.waitForTimeout(300);
    }
    await second.getByRole('log').waitFor();
    assert.equal(await lock.heading(second).count(), 0);
  });

  await stage.step('it is shut by hand, and shut again when the app is opened anew', async () => {
    await page.goto('/me');
    await page.getByRole('button', { name: 'いま鍵をかける' }).click();
    await lock.shut(page);
    await lock.shut(second);
    await second.close();
    await page.reload();
    await lock.shut(page);
    await lock.type(page);
    await page.getByRole('button', { name: 'いま鍵をかける' }).waitFor();
  });

  await stage.step('it opens without a line, and shows what was kept', async () => {
    await page.goto(`/rooms/${room}`);
    await lock.type(page);
    await desk.hears('水曜に変わりました');
    await written(page);
    await window.offline(true);
    await page.reload();
    await lock.shut(page);
    await lock.type(page);
    await desk.hears('納品は火曜の朝です');
    await window.offline(false);
  });

  await stage.step('the passcode is changed and given up with the present one', async () => {
    await page.goto('/me/lock');
    await lock.type(page);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'パスコードを変える' }).click();
    await dialog.getByLabel('いまのパスコード').fill('111222');
    await dialog.getByLabel('新しいパスコード').fill('朱肉と回覧');
    await dialog.getByLabel('もう一度', { exact: true }).fill('朱肉と回覧');
    await dialog.getByRole('button', { name: '新しいパスコードにする' }).click();
    await dialog.getByText('6文字以上').waitFor();
    await dialog.getByLabel('新しいパスコード').fill('朱肉と回覧板');
    await dialog.getByLabel('もう一度', { exact: true }).fill('朱肉と回覧板');
    await dialog.getByRole('button', { name: '新しいパスコードにする' }).click();
    await dialog.getByText('パスコードがちがいます').waitFor();
    await dialog.getByLabel('いまのパスコード').fill(lock.PASSCODE);
    await dialog.getByRole('button', { name: '新しいパスコードにする' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.reload();
    await lock.shut(page);
    await page.getByLabel('パスコード', { exact: true }).fill('朱肉と回覧板');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: '鍵をやめる' }).click();
    await dialog.getByLabel('いまのパスコード').fill('朱肉と回覧板');
    await dialog.getByRole('button', { name: '鍵をやめる' }).click();
    await page.getByLabel('新しいパスコード').waitFor();
    await desk.open(room);
    await desk.hears('水曜に変わりました');
    assert.ok(!(await kept(page)).records.some((record) => record.startsWith('locks')), 'no lock is left');
  });
});

// R15
journey('while it is shut, notifications say that there is something, and nothing more', async (stage) => {
  const { room, window, page } = await member(stage);
  await window.context.grantPermissions(['notifications'], { origin: stage.server.url });
  await page.goto('/people');
  await settled(page);
  await lock.set(page);
  const give = await pusher(page, stage.server.url);
  // As the server sends it where the organisation shows text.
  const said = (/** @type {string} */ tag) =>
    give({ v: 1, what: 'messages', tag, badge: 1, title: '駅前店 連絡', body: '甲野 花子：納品は火曜の朝です' });
  const PLAIN = '新しいメッセージがあります|';

  await stage.step('open, they say what the organisation lets them say', async () => {
    await page.goto('/me');
    await lock.type(page);
    await page.getByRole('button', { name: 'いま鍵をかける' }).waitFor();
    // The page notes that it is open a moment after it shows itself; one that comes before that says no words.
    await stage.until(async () => {
      await said('open');
      return (await shown(page)).join() === '駅前店 連絡|甲野 花子：納品は火曜の朝です';
    });
  });

  await stage.step('shut, what stands there says it no more, and what comes does not begin to', async () => {
    await page.getByRole('button', { name: 'いま鍵をかける' }).click();
    await lock.shut(page);
    await stage.until(async () => (await shown(page)).join() === PLAIN);
    await said('shut');
    await stage.until(async () => (await shown(page)).length === 2);
    assert.deepEqual(await shown(page), [PLAIN, PLAIN]);
  });

  await stage.step('nor while no page is open', async () => {
    await page.goto('about:blank');
    await said('closed');
    await page.goto('/api/v1/welcome');
    await stage.until(async () => (await shown(page)).length === 3);
    assert.deepEqual(await shown(page), [PLAIN, PLAIN, PLAIN]);
    await page.goto(`/rooms/${room}`);
    await lock.shut(page);
  });
});

journey('ten wrong tries erase what is kept here, and nothing else', async (stage) => {
  const { otsu, room, window, page } = await member(stage, 'phone');
  await lock.set(page);
  await page.goto(`/rooms/${room}`);
  await lock.shut(page);

  await stage.step('the screen is accessible, in both themes', async () => {
    assert.equal((await obstacles(page, 'lock')).join('\n'), '');
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.equal((await obstacles(page, 'lock, dark')).join('\n'), '');
    await page.emulateMedia({ colorScheme: 'light' });
  });

  const tries = async (/** @type {number} */ from, /** @type {number} */ to) => {
    for (let wrong = from; wrong <= to; wrong += 1) {
      await lock.tap(page, '111222');
      if (wrong < 4) await page.getByText('パスコードがちがいます').waitFor();
      else await page.getByText(/あと\d+秒待ってから/).waitFor();
      // The wait grows; nobody sits through it here.
      if (wrong >= 4) await window.context.clock.fastForward(301_000);
      await page.getByLabel('パスコード', { exact: true }).and(page.locator(':not([readonly])')).waitFor();
    }
  };

  await stage.step('the count outlives a reload', async () => {
    await tries(1, 3);
    await page.reload();
    await lock.shut(page);
    await lock.tap(page, '111222');
    await page.getByText(/あと\d+秒待ってから/).waitFor();
    await page.reload();
    await page.getByText(/あと\d+秒待ってから/).waitFor();
    await window.context.clock.fastForward(301_000);
    await page.getByLabel('パスコード', { exact: true }).and(page.locator(':not([readonly])')).waitFor();
    await tries(5, 9);
    await page.getByText('あと1回まちがえると').waitFor();
  });

  await stage.step('with the tenth all is gone, the session too, and the device is still known', async () => {
    await lock.tap(page, '111222');
    await page.getByText('パスコードを10回まちがえました').waitFor();
    const found = await kept(page);
    assert.deepEqual(found.records.filter((record) => !record.startsWith('plain')), []);
    assert.match(found.text, /device key/, 'by which this browser is known');
    const devices = (await otsu.call('GET', '/me/devices')).devices;
    assert.deepEqual(devices.map((/** @type {any} */ one) => one.state), ['enrolled']);
  });

  await stage.step('signing in asks for no code, and there is no lock until a new one is set', async () => {
    await door.signIn(new Pointer(page), otsu.login, otsu.password);
    await door.inside(page);
    await page.goto(`/rooms/${room}`);
    await page.getByRole('log').getByText('納品は火曜の朝です').waitFor();
  });
});

journey('a forgotten passcode costs what is kept here, after a question', async (stage) => {
  const { otsu, room, window, page } = await member(stage);
  await lock.set(page);
  await page.goto(`/rooms/${room}`);
  await lock.type(page);
  await page.getByRole('log').waitFor();
  await settled(page);
  await window.offline(true);
  const desk = new RoomPage(page);
  await desk.field.fill('まだ送れていません');
  await desk.button.click();
  await desk.message('まだ送れていません').waitFor();
  await page.goto('/me/lock').catch(() => {});
  await lock.shut(page);
  await stage.step('what would be lost is said first', async () => {
    await page.getByRole('button', { name: 'パスコードを忘れた' }).click();
    await page.getByText('まだ送れていないものが1件').waitFor();
  });
  await stage.step('without a line everything goes, and the session ends when it returns', async () => {
    await page.getByRole('button', { name: '消してサインインし直す' }).click();
    await page.getByText('電波がありません').waitFor();
    assert.deepEqual((await kept(page)).records.filter((record) => /^(values|parts|locks)/.test(record)), []);
    const before = (await otsu.call('GET', '/me/sessions')).length;
    await window.offline(false);
    await page.getByLabel('ログインID').or(page.getByRole('textbox', { name: 'パスワード' })).first().waitFor();
    assert.equal((await otsu.call('GET', '/me/sessions')).length, before - 1, 'the session has ended');
  });
});

journey('a passkey opens it too, without a line', async (stage) => {
  const { room, window, page } = await member(stage);
  const keys = await keyring(window);
  await page.goto('/me/security');
  await keys.while(async () => {
    await page.getByRole('button', { name: 'パスキーを足す' }).click();
    await page.getByRole('button', { name: '紙に写しました' }).click();
    await stage.until(async () => (await keys.count()) === 1);
  });
  await lock.set(page);
  await stage.step('with the present passcode it is let in', async () => {
    await page.getByRole('button', { name: 'パスキーでも開けるようにする' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('いまのパスコード').fill(lock.PASSCODE);
    await keys.while(async () => {
      await dialog.getByRole('button', { name: 'パスキーを選ぶ' }).click();
      await dialog.waitFor({ state: 'hidden' });
    });
  });
  await stage.step('and opens the lock, though there is no line', async () => {
    await settled(page);
    await page.goto(`/rooms/${room}`);
    await lock.type(page);
    await page.getByRole('log').getByText('納品は火曜の朝です').waitFor();
    await written(page);
    await window.offline(true);
    await page.reload();
    await lock.shut(page);
    await keys.while(async () => {
      await page.getByRole('button', { name: 'パスキーで開ける' }).click();
      await page.getByRole('log').getByText('納品は火曜の朝です').waitFor();
    });
    await window.offline(false);
  });
});

journey('where the organisation wants a lock, one is set before anything else', async (stage) => {
  const { owner, room, window, page } = await member(stage);
  const desk = new RoomPage(page);
  await desk.open(room);
  const { version } = await owner.call('GET', '/organisation/policies');
  const applies = { kinds: [], ownership: null, roles: [] };
  const rule = { id: newId(), name: '私物スマホ', applies, limits: { app_lock_minutes: 1 } };
  await owner.call('PUT', '/organisation/policies', { version, rules: [rule], understood: true });

  await stage.step('whoever is in is asked for a passcode, and then goes on where they were', async () => {
    await page.reload();
    await page.getByRole('heading', { name: 'パスコードを決めます' }).waitFor();
    await page.getByText('1分さわらないと').waitFor();
    assert.doesNotMatch(await page.content(), /納品/);
    assert.equal((await obstacles(page, 'first passcode')).join('\n'), '');
    await page.getByLabel('新しいパスコード').fill(lock.PASSCODE);
    await page.getByLabel('もう一度', { exact: true }).fill(lock.PASSCODE);
    await page.getByRole('button', { name: '鍵をかけるようにする' }).click();
    await desk.hears('納品は火曜の朝です');
  });

  await stage.step("the organisation's minute holds, although the member chose none", async () => {
    await window.context.clock.fastForward(REST);
    await lock.shut(page);
    await lock.type(page);
    await desk.hears('納品は火曜の朝です');
  });

  await stage.step('it cannot be given up, nor made longer', async () => {
    await page.goto('/me/lock');
    await lock.type(page);
    await page.getByText('鍵はやめられません').waitFor();
    assert.ok(await page.getByRole('button', { name: '鍵をやめる' }).isDisabled());
    const longer = page.getByRole('option', { name: '5分', exact: true });
    assert.ok(await longer.isDisabled());
  });
});
