// R27, R28: a bad line loses nothing and doubles nothing.
import assert from 'node:assert/strict';

import { organisation } from '../harness/api.mjs';
import { journey } from '../harness/journey.mjs';
import { settled, written } from '../harness/kept.mjs';
import { RoomPage } from '../harness/room.mjs';

/** Three people in one room, the first two with it open. */
async function room(/** @type {import('../harness/journey.mjs').Stage} */ { server, browser }) {
  const owner = await organisation(server);
  const otsu = await owner.bring({ family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう' });
  const id = await owner.room('駅前店 連絡', [otsu]);
  const open = async (/** @type {string} */ name, /** @type {import('../harness/api.mjs').Person} */ person, hold = 'desktop') => {
    const window = await browser.window(name, server.url, { hold: /** @type {any} */ (hold) });
    await person.window(window.context);
    return { window, page: new RoomPage(window.page) };
  };
  return { owner, otsu, id, open };
}

journey('what is written without a line is sent once when it returns', async (stage) => {
  const { owner, otsu, id, open } = await room(stage);
  const phone = await open('乙川', otsu, 'phone');
  await phone.page.open(id);
  const desk = await open('甲野', owner);
  await desk.page.open(id);
  await desk.page.say('電波のあるうちに');
  await phone.page.hears('電波のあるうちに');

  await stage.step('two messages written offline wait, and say so', async () => {
    await phone.window.offline(true);
    for (const text of ['地下の倉庫です', '水が漏れています']) {
      await phone.page.field.fill(text);
      await phone.page.button.click();
      await phone.page.message(text).waitFor();
    }
    await phone.window.page.getByText('電波がありません', { exact: false }).first().waitFor();
    assert.equal((await owner.messages(id)).length, 1);
  });

  await stage.step('they outlive a reload of the page', async () => {
    // The page itself needs the line to be loaded again; the messages still get none.
    await phone.window.page.route('**/api/v1/rooms/*/messages/*', (route) =>
      route.request().method() === 'PUT' ? route.abort('internetdisconnected') : route.fallback(),
    );
    await phone.window.offline(false);
    await phone.window.page.reload();
    await phone.page.message('水が漏れています').waitFor();
    assert.equal((await owner.messages(id)).length, 1);
  });

  await stage.step('when the line returns each is sent once, in order', async () => {
    await phone.window.page.unroute('**/api/v1/rooms/*/messages/*');
    await phone.window.offline(true);
    await phone.window.offline(false);
    await desk.page.hears('地下の倉庫です');
    await desk.page.hears('水が漏れています');
    const texts = (await owner.messages(id)).map((message) => message.text);
    assert.deepEqual(texts, ['電波のあるうちに', '地下の倉庫です', '水が漏れています']);
    await phone.page.sent('水が漏れています');
  });
});

journey('an acknowledgement lost on the way does not double the message', async (stage) => {
  const { owner, otsu, id, open } = await room(stage);
  const { window, page } = await open('乙川', otsu);
  await page.open(id);
  let lost = 0;
  // The server takes the message; the answer never arrives.
  await window.page.route('**/api/v1/rooms/*/messages/*', async (route) => {
    if (route.request().method() !== 'PUT' || lost >= 3) return route.fallback();
    lost += 1;
    await route.fetch();
    await route.abort('connectionreset');
  });
  await stage.step('it is sent again under the same id until the answer comes', async () => {
    await page.field.fill('一度だけ');
    await page.button.click();
    await page.sent('一度だけ');
    const kept = await owner.messages(id);
    assert.deepEqual(kept.map((message) => message.text), ['一度だけ']);
    assert.ok(lost >= 1, 'an answer was lost');
  });
});

journey('a client that misses an event asks for it within 2 seconds', async (stage) => {
  const { owner, otsu, id, open } = await room(stage);
  const { window, page } = await open('乙川', otsu);
  let dropped = 0;
  await window.page.routeWebSocket(/\/api\/v1\/gateway/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      if (String(frame).includes('消える') && dropped === 0) {
        dropped += 1;
        return;
      }
      socket.send(frame);
    });
  });
  await page.open(id);
  await stage.step('the lost event and the one after it both stand, in order', async () => {
    await owner.post(id, '届く');
    await page.hears('届く');
    await owner.post(id, '消える');
    await owner.post(id, '穴に気づく');
    await page.hears('穴に気づく', 2_000);
    await page.hears('消える', 2_000);
    assert.equal(dropped, 1, 'an event was lost on the way');
    assert.deepEqual(await page.standing(/届く|消える|穴に気づく/), ['届く', '消える', '穴に気づく']);
  });
});

journey('a client that slept catches up from its cursor', async (stage) => {
  const { owner, otsu, id, open } = await room(stage);
  const { window, page } = await open('乙川', otsu);
  await page.open(id);
  await stage.step('forty messages and a restart of the server later, everything stands', async () => {
    await window.offline(true);
    for (let i = 0; i < 20; i += 1) await owner.post(id, `朝礼${String(i).padStart(2, '0')}番`);
    await stage.server.kill();
    await stage.server.start();
    for (let i = 20; i < 40; i += 1) await owner.post(id, `朝礼${String(i).padStart(2, '0')}番`);
    await window.offline(false);
    await page.hears('朝礼39番');
    const expected = Array.from({ length: 40 }, (_, i) => `朝礼${String(i).padStart(2, '0')}番`);
    await page.readsExactly(expected, /朝礼\d\d番/);
  });
});

journey('fifty on each side without a line: all once, in order, across a reload and a closed tab', async (stage) => {
  const { owner, otsu, id, open } = await room(stage);
  const phone = await open('乙川', otsu, 'phone');
  await phone.page.open(id);
  const desk = await open('甲野', owner);
  await desk.page.open(id);
  await desk.page.say('はじめます');
  await phone.page.hears('はじめます');
  for (const { window } of [phone, desk]) await settled(window.page);
  await written(phone.window.page);
  const lines = (/** @type {string} */ who, /** @type {number} */ from, /** @type {number} */ to) =>
    Array.from({ length: to - from }, (_, i) => `${who}${String(from + i).padStart(2, '0')}番`);
  const write = async (/** @type {RoomPage} */ page, /** @type {string[]} */ texts) => {
    for (const text of texts) {
      await page.field.fill(text);
      await page.button.click();
      await page.message(text).waitFor();
    }
  };

  await stage.step('both write without a line; one is reloaded, the other’s tab is closed in the middle', async () => {
    await phone.window.offline(true);
    await desk.window.offline(true);
    // A tab opened meanwhile has no line either.
    await stage.server.stop();
    await write(phone.page, lines('乙', 0, 25));
    await phone.window.page.reload();
    await phone.page.message('乙24番').waitFor();
    await phone.page.field.waitFor();
    await write(phone.page, lines('乙', 25, 50));
    await write(desk.page, lines('甲', 0, 25));
    await desk.window.page.waitForTimeout(500);
    await desk.window.page.close();
    desk.window.page = await desk.window.context.newPage();
    desk.page = new RoomPage(desk.window.page);
    await desk.page.open(id);
    await desk.page.message('甲24番').waitFor();
    await write(desk.page, lines('甲', 25, 50));
  });

  await stage.step('with the line back each stands once, in its writer’s order, on both', async () => {
    await stage.server.start();
    await Promise.all([phone.window.offline(false), desk.window.offline(false)]);
    const back = performance.now();
    for (const { page } of [phone, desk]) {
      await page.hears('乙49番', 60_000);
      await page.hears('甲49番', 60_000);
    }
    stage.say(`100 messages stood on both ${((performance.now() - back) / 1000).toFixed(1)} s after the line was back`);
    const texts = (await owner.messages(id)).map((message) => message.text);
    assert.equal(texts.length, 101);
    assert.deepEqual(texts.filter((text) => text.startsWith('乙')), lines('乙', 0, 50));
    assert.deepEqual(texts.filter((text) => text.startsWith('甲')), lines('甲', 0, 50));
    for (const { page } of [phone, desk]) await page.readsExactly(texts, /はじめます|[甲乙]\d\d番/);
  });
});

journey('two tabs send once, and either goes on when the other is closed', async (stage) => {
  const { owner, otsu, id, open } = await room(stage);
  const first = await open('乙川', otsu);
  await first.page.open(id);
  const tab = await first.window.context.newPage();
  const second = new RoomPage(tab);
  await second.open(id);
  let sent = 0;
  first.window.context.on('request', (request) => {
    if (request.method() === 'PUT' && /\/messages\//.test(request.url())) sent += 1;
  });
  await stage.step('what is written in either stands in both, sent by one', async () => {
    await first.page.say('一枚目から');
    await second.say('二枚目から');
    await first.page.hears('二枚目から');
    await second.hears('一枚目から');
    assert.equal(sent, 2);
  });
  await stage.step('without a line both show what waits; the tab that would have sent is closed', async () => {
    await first.window.offline(true);
    await first.page.field.fill('閉じる前に');
    await first.page.button.click();
    await second.message('閉じる前に').waitFor();
    await second.field.fill('残る方から');
    await second.button.click();
    await first.page.message('残る方から').waitFor();
    await first.window.page.close();
    await first.window.offline(false);
    await second.sent('閉じる前に');
    await second.sent('残る方から');
    assert.deepEqual(
      (await owner.messages(id)).map((message) => message.text),
      ['一枚目から', '二枚目から', '閉じる前に', '残る方から'],
    );
  });
});

journey('a draft follows its writer, and never replaces what is being typed', async (stage) => {
  const { otsu, id, open } = await room(stage);
  const phone = await open('乙川の電話', otsu, 'phone');
  const desk = await open('乙川の机', otsu);
  await phone.page.open(id);
  await desk.page.open(id);
  await stage.step('what was begun on the phone stands on the desk', async () => {
    await phone.page.field.fill('電車の中で書きはじめました');
    await stage.until(async () => (await desk.page.field.inputValue()) === '電車の中で書きはじめました');
    await desk.window.page.goto('/rooms');
    await desk.window.page.getByText('電車の中で書きはじめました').waitFor();
  });
  await stage.step('what is being typed on the desk stays', async () => {
    await desk.page.open(id);
    await desk.page.field.pressSequentially('、机で続けます');
    await phone.page.field.fill('電話でも書いています');
    await desk.window.page.waitForTimeout(3_500);
    assert.equal(await desk.page.field.inputValue(), '電車の中で書きはじめました、机で続けます');
  });
  await stage.step('sent on the desk, it is gone on the phone', async () => {
    await desk.page.button.click();
    await desk.page.sent('机で続けます');
    await phone.window.page.goto('/rooms');
    await phone.window.page.getByRole('link', { name: /駅前店 連絡/ }).waitFor();
    await stage.until(async () => (await phone.window.page.getByText('下書き').count()) === 0);
  });
});
