// R27, R28: a bad line loses nothing and doubles nothing.
import assert from 'node:assert/strict';

import { organisation } from '../harness/api.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';

/** Three people in one room, the first two with it open. */
async function room(/** @type {import('../harness/journey.mjs').Stage} */ { server, browser }) {
  const owner = await organisation(server);
  const otsu = await owner.bring({ family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう' });
  const id = await owner.room('駅前店 連絡', [otsu]);
  const open = async (/** @type {string} */ name, /** @type {import('../harness/api.mjs').Person} */ person, hold = 'desktop') => {
    const window = await browser.window(name, server.url, { hold: /** @type {any} */ (hold) });
    await window.context.addCookies(person.cookies);
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
    await desk.page.hears('地下の倉庫です', 30_000);
    await desk.page.hears('水が漏れています', 10_000);
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
    await page.hears('朝礼39番', 30_000);
    const expected = Array.from({ length: 40 }, (_, i) => `朝礼${String(i).padStart(2, '0')}番`);
    await page.readsExactly(expected, /朝礼\d\d番/);
  });
});
