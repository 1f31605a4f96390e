// What does not come with the first page and was out of reach comes when the line is back; the page stays quiet (R28).
import assert from 'node:assert/strict';

import { organisation } from '../harness/api.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';

journey('a piece of the app that was out of reach comes by itself', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const room = await owner.room('駅前店 連絡', []);
  // Without the worker beside the pages nothing has been copied beforehand.
  const window = await browser.window('甲野', server.url, { hold: 'phone', serviceWorkers: 'block' });
  await owner.window(window.context);
  const page = new RoomPage(window.page);
  await page.open(room);
  let asked = 0;
  const cut = () =>
    window.page.route('**/_app/immutable/**', (route) => {
      asked += 1;
      return route.abort('internetdisconnected');
    });
  const mend = () => window.page.unroute('**/_app/immutable/**');

  await step("a room's details", async () => {
    await cut();
    await window.page.getByRole('button', { name: '部屋の詳細' }).click();
    const details = window.page.getByRole('heading', { name: 'メンバー' });
    await window.page.waitForTimeout(1_500);
    assert.ok(asked > 0, 'it was asked for');
    assert.equal(await details.count(), 0);
    assert.deepEqual(window.faults, []);
    await mend();
    await details.waitFor({ timeout: 40_000 });
  });

  await step('the window that makes a room', async () => {
    await window.page.goto('/rooms');
    await window.page.getByRole('link', { name: /駅前店 連絡/ }).waitFor();
    await cut();
    const before = asked;
    await window.page.getByRole('button', { name: '部屋をつくる' }).first().click();
    const dialog = window.page.getByRole('dialog', { name: '部屋をつくります' });
    await window.page.waitForTimeout(1_500);
    assert.ok(asked > before, 'it was asked for');
    assert.equal(await dialog.count(), 0);
    await mend();
    await dialog.waitFor({ timeout: 40_000 });
  });
});
