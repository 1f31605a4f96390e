// View-only: where a file may not be kept, the phone shows what the server draws, and never asks for the bytes (R16, R17).
import assert from 'node:assert/strict';

import { organisation } from '../harness/api.mjs';
import * as made from '../harness/files.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';
import { viewer } from '../pages/files.mjs';
import { marked, MEMBER, one, phone, rule } from '../pages/policies.mjs';

journey('a phone that may not keep files shows them as the server draws them', async ({ server, browser, step, until }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  const room = await owner.room('駅前店 連絡', [person]);
  const { page } = await phone(browser, server, owner, person);
  await made.postFiles(owner, room, '棚と予定', [
    { name: '棚.jpg', bytes: await made.jpeg(page, 1200, 900), media: 'image/jpeg' },
    { name: '納品予定.pdf', bytes: made.pdf([made.SHIFT_JIS.delivery, made.SHIFT_JIS.stock]), media: 'application/pdf' },
    { name: '朝礼.wav', bytes: made.wav(), media: 'audio/wav' },
  ]);
  await rule(owner, [one('私物の端末', { download: false, watermark: true }, { ownership: 'own', roles: ['member'] })]);
  const asked = /** @type {string[]} */ ([]);
  page.on('request', (request) => asked.push(request.url()));
  await new RoomPage(page).open(room);
  await marked(page).waitFor({ state: 'attached' });

  await step('a file is looked at as the server draws it, under the mark, and cannot be saved (R16, R17)', async () => {
    const message = page.getByRole('log').getByRole('article').filter({ hasText: '棚と予定' });
    assert.equal(await message.getByRole('button', { name: /を保存$/ }).count(), 0, 'nothing offers to save');
    await message.getByRole('button', { name: /棚\.jpg/ }).click();
    const open = viewer(page);
    await open.getByRole('link', { name: '見るだけ' }).waitFor();
    const drawn = open.getByRole('img', { name: /棚\.jpg/ });
    await drawn.waitFor();
    await until(() => drawn.evaluate((image) => /** @type {HTMLImageElement} */ (image).naturalWidth > 0));
    assert.match((await drawn.getAttribute('src')) ?? '', /\/view\/1/);
    // The mark lies over the dialog too.
    assert.ok(await marked(page).evaluate((mark) => mark.closest('[popover]')?.matches(':popover-open')));
    await page.keyboard.press('Escape');
    await open.waitFor({ state: 'detached' });

    await message.getByRole('button', { name: /納品予定\.pdf/ }).click();
    const second = open.getByRole('img', { name: '納品予定.pdf・2ページ（全2ページ）' });
    await second.scrollIntoViewIfNeeded();
    await until(() => second.evaluate((image) => /** @type {HTMLImageElement} */ (image).naturalWidth > 0));
    await page.keyboard.press('Escape');
    await open.waitFor({ state: 'detached' });

    await message.getByRole('button', { name: /朝礼\.wav/ }).click();
    await open.getByText('ファイルそのものを受け取らないと再生できません').waitFor();
    await page.keyboard.press('Escape');
    await open.waitFor({ state: 'detached' });
    assert.deepEqual(asked.filter((url) => url.includes('/content')), [], 'no original was asked for');
  });

});
