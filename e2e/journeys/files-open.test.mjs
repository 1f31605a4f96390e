// Documents, films and sounds open where they were said; a room's files stand in one place.
import assert from 'node:assert/strict';

import { organisation } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import * as made from '../harness/files.mjs';
import { Keyboard, Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';
import { arrived, attach, tray, viewer } from '../pages/files.mjs';

journey('documents, films and sounds open in the client', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const otsu = await owner.bring({
    family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう',
  });
  const room = await owner.room('駅前店 連絡', [otsu]);
  const { context, page } = await browser.window('otsu', server.url);
  await otsu.window(context);
  await page.goto('/rooms');
  const film = await made.webm(page);
  await made.postFiles(owner, room, '書類一式', [
    { name: '納品予定.pdf', bytes: made.pdf([made.SHIFT_JIS.delivery, made.SHIFT_JIS.stock]), media: 'application/pdf' },
    { name: '控え.txt', bytes: Buffer.from(made.SHIFT_JIS.delivery, 'hex'), media: 'text/plain' },
    { name: '朝礼.wav', bytes: made.wav(), media: 'audio/wav' },
    { name: '売り場.webm', bytes: film, media: 'video/webm' },
  ]);
  await new RoomPage(page).open(room);
  const message = page.getByRole('log').getByRole('article').filter({ hasText: '書類一式' });
  const keys = new Keyboard(page);

  await step('a PDF page by page, in Japanese, by keyboard', async () => {
    await keys.press(message.getByRole('button', { name: /納品予定.pdf.*開く$/ }));
    const desk = viewer(page).getByRole('region', { name: '納品予定.pdfの1ページ' });
    await desk.waitFor();
    // The words over the page: read from Shift_JIS codes by the bundled character maps.
    await desk.getByText('納品予定').waitFor({ state: 'attached' });
    await page.waitForFunction(() => {
      const canvas = /** @type {HTMLCanvasElement | null} */ (document.querySelector('dialog canvas'));
      const pixels = canvas?.width ? canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data : undefined;
      return pixels?.some((value, i) => i % 4 === 0 && value < 60);
    });
    await page.keyboard.press('PageDown');
    await viewer(page).getByRole('region', { name: '納品予定.pdfの2ページ' }).getByText('一月の棚卸し').waitFor({ state: 'attached' });
    await page.keyboard.press('+');
    await page.keyboard.press('Escape');
    await viewer(page).waitFor({ state: 'detached' });
  });

  await step('a text, whatever wrote it', async () => {
    await keys.press(message.getByRole('button', { name: /控え.txt.*開く$/ }));
    await viewer(page).getByText('納品予定').waitFor();
    await page.keyboard.press('Escape');
    await viewer(page).waitFor({ state: 'detached' });
  });

  await step('a sound plays', async () => {
    await message.getByRole('button', { name: '朝礼.wavを再生' }).click();
    await page.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0.1);
  });

  await step('a film plays, is wound, and goes on when its link has ended', async () => {
    await message.getByRole('button', { name: '売り場.webmを再生' }).click();
    await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.1);
    const before = await page.evaluate(() => document.querySelector('video')?.src ?? '');
    // As if a quarter of an hour had passed: the old link is worth nothing any more.
    await page.evaluate(() => {
      const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'));
      video.pause();
      video.currentTime = 0.8;
      video.src = video.src.replace(/ticket=.*/, 'ticket=ended');
    });
    await page.waitForFunction(
      (old) => {
        const video = document.querySelector('video');
        return !!video && video.src !== old && !video.src.includes('ended') && video.readyState > 1;
      },
      before,
    );
  });

  await step("the room's files in one place, narrowed and opened", async () => {
    const photo = await made.jpeg(page, 1200, 900);
    for (let i = 0; i < 3; i += 1) {
      await made.postFiles(otsu, room, '', [{ name: `棚${i}.jpg`, bytes: photo, media: 'image/jpeg' }]);
    }
    const details = page.getByRole('region', { name: '写真・ファイル' });
    await details.getByRole('link', { name: 'すべて見る' }).click();
    await page.getByRole('tabpanel').getByRole('button', { name: /棚2/ }).waitFor();
    assert.equal(await page.getByRole('tabpanel').getByRole('button', { name: /を開く/ }).count(), 4, 'three photographs and the film');
    await page.getByLabel('送った人').selectOption({ label: '甲野 花子' });
    await page.getByRole('tabpanel').getByRole('button', { name: /棚2/ }).waitFor({ state: 'detached' });
    await page.getByLabel('この日まで').fill('2020-01-01');
    await page.getByText('合うものがありません').waitFor();
    await page.getByRole('button', { name: '絞り込みを外す' }).first().click();
    await page.getByRole('tab', { name: '書類' }).click();
    await page.getByRole('tabpanel').getByText('控え.txt').waitFor();
    await page.getByRole('link', { name: '納品予定.pdfの発言へ' }).click();
    await page.getByRole('log').getByText('書類一式').waitFor();
  });
});

journey('screens with files are accessible in both themes', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const otsu = await owner.bring({
    family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう',
  });
  const room = await owner.room('駅前店 連絡', [otsu]);
  const first = await browser.window('artist', server.url);
  await first.page.goto('/');
  const photo = await made.jpeg(first.page, 1200, 900);
  await made.postFiles(otsu, room, '五枚です', Array.from({ length: 5 }, (_, i) => ({ name: `棚${i}.jpg`, bytes: photo, media: 'image/jpeg' })));
  await made.postFiles(otsu, room, '', [
    { name: '納品予定.pdf', bytes: made.pdf([made.SHIFT_JIS.delivery, made.SHIFT_JIS.stock]), media: 'application/pdf' },
    { name: '控え.txt', bytes: Buffer.from('控え'), media: 'text/plain' },
  ]);
  for (const theme of /** @type {const} */ (['light', 'dark'])) {
    for (const hold of /** @type {const} */ (['desktop', 'phone'])) {
      await step(`${theme}, ${hold}`, async () => {
        const { context, page } = await browser.window(`${theme}-${hold}`, server.url, { theme, hold });
        await owner.window(context);
        await new RoomPage(page).open(room);
        const log = page.getByRole('log');
        await log.getByRole('button', { name: /納品予定.pdf.*開く$/ }).waitFor();
        const found = await obstacles(page, 'a conversation with files');
        await attach(new Pointer(page), 'ファイル', [
          { name: 'メモ.txt', mimeType: 'text/plain', buffer: Buffer.from('メモ') },
          { name: '請求書.pdf', mimeType: 'application/pdf', buffer: photo },
        ]);
        await arrived(page);
        await tray(page).getByRole('alert').waitFor();
        found.push(...(await obstacles(page, 'the tray')));
        for (const one of ['メモ.txtを外す', '請求書.pdfを外す']) await tray(page).getByRole('button', { name: one }).click();
        await log.getByRole('button', { name: /写真 1\/5/ }).click();
        await viewer(page).getByRole('img').waitFor();
        found.push(...(await obstacles(page, 'the viewer with a picture')));
        await page.keyboard.press('Escape');
        await viewer(page).waitFor({ state: 'detached' });
        await log.getByRole('button', { name: /納品予定.pdf.*開く$/ }).click();
        await viewer(page).getByRole('region').getByText('納品予定').waitFor({ state: 'attached' });
        found.push(...(await obstacles(page, 'the viewer with a document')));
        await page.keyboard.press('Escape');
        await viewer(page).waitFor({ state: 'detached' });
        for (const tab of ['写真・動画', '書類']) {
          await page.goto(`/rooms/${room}/files`);
          await page.getByRole('tab', { name: tab }).click();
          await page.getByRole('tabpanel').getByRole('button').first().waitFor();
          found.push(...(await obstacles(page, `the room's files: ${tab}`)));
        }
        await page.goto('/me/storage');
        await page.getByRole('heading', { name: '保存している量' }).waitFor();
        found.push(...(await obstacles(page, 'what is kept')));
        assert.equal(found.join('\n'), '');
      });
    }
  }
});
