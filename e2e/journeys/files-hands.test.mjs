// Files by every hand: dragged from another window, pasted, several at once, taken back; pictures under fingers (R43, R48).
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { organisation } from '../harness/api.mjs';
import * as made from '../harness/files.mjs';
import { drag, Fingers, middle } from '../harness/fingers.mjs';
import { Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';
import { arrived, attach, tray, viewer } from '../pages/files.mjs';

/** Two people in one room, the first at a window with it open. */
async function shop(/** @type {import('../harness/journey.mjs').Stage} */ { server, browser }, hold = 'desktop') {
  const owner = await organisation(server);
  const otsu = await owner.bring({
    family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう',
  });
  const room = await owner.room('駅前店 連絡', [otsu]);
  const window = await browser.window('owner', server.url, { hold: /** @type {any} */ (hold) });
  await owner.window(window.context);
  const page = new RoomPage(window.page);
  await page.open(room);
  return { owner, otsu, room, window, page };
}

journey('files are dragged onto a room, several at once, and one that may not come in keeps none of the others', async (stage) => {
  const { otsu, room, window, page } = await shop(stage);
  const { step } = stage;
  const photo = await made.jpeg(window.page, 800, 600);
  const folder = await mkdtemp(join(tmpdir(), 'kairan-drag-'));
  const path = (/** @type {string} */ name) => join(folder, name);
  try {
    await writeFile(path('棚.jpg'), photo);
    await writeFile(path('控え.txt'), '控え');
    await writeFile(path('請求書.pdf'), photo);
    await mkdir(path('去年の分'));
    const over = await middle(page.log);
    const zone = window.page.getByText('ここに置くと「駅前店 連絡」に添えます');

    await step('while they hang over it the room says what letting go does; carried away, nothing is left', async () => {
      const carried = await drag(window.page, [path('棚.jpg')], over);
      await zone.waitFor();
      await carried.leave();
      await window.page.mouse.move(over.x, over.y + 40);
      await zone.waitFor({ state: 'detached' });
      assert.equal(await tray(window.page).count(), 0);
    });

    await step('let go, each stands beside the words, and the refused one says why', async () => {
      const carried = await drag(window.page, ['棚.jpg', '請求書.pdf', '控え.txt'].map(path), over);
      await zone.waitFor();
      await carried.drop();
      await zone.waitFor({ state: 'detached' });
      await arrived(window.page, 2);
      assert.match(await tray(window.page).getByRole('alert').innerText(), /中身は JPEG です/);
      assert.ok(await page.field.evaluate((field) => field === document.activeElement), 'one writes on');
    });

    await step('a folder is left out, and said', async () => {
      const carried = await drag(window.page, [path('去年の分')], over);
      await carried.drop();
      await tray(window.page).getByText('フォルダーは添えられません').waitFor();
      await arrived(window.page, 2);
    });

    await step('without the refused one the others go', async () => {
      await tray(window.page).getByRole('button', { name: '請求書.pdfを外す' }).click();
      await page.say('二件です');
      const { messages } = await otsu.call('GET', `/rooms/${room}/messages?after=0&limit=10`);
      const names = messages.at(-1).files.map((/** @type {any} */ one) => one.name);
      assert.deepEqual(names, ['棚.jpg', '控え.txt'], 'in the order they were carried');
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

journey('a picture is pasted from the clipboard; copied words stay words', async (stage) => {
  const { window, page } = await shop(stage);
  const { step } = stage;
  const copy = (/** @type {boolean} */ withWords) =>
    window.page.evaluate(async (words) => {
      const canvas = new OffscreenCanvas(640, 360);
      const at = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
      at.fillStyle = '#8a6d3b';
      at.fillRect(0, 0, 640, 360);
      const picture = await canvas.convertToBlob({ type: 'image/png' });
      const text = new Blob(['品目\t数\nにんじん\t12'], { type: 'text/plain' });
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture, ...(words && { 'text/plain': text }) })]);
    }, withWords);

  await step('a screenshot, by the keys everybody knows', async () => {
    await copy(false);
    await page.field.focus();
    await window.page.keyboard.press('Control+V');
    await arrived(window.page);
    await tray(window.page).getByText(/^貼り付け_\d{8}-\d{6}\.png$/).waitFor();
    assert.equal(await page.field.inputValue(), '');
    await page.button.click();
    await page.log.getByRole('button', { name: /写真 1\/1：貼り付け_/ }).waitFor();
  });

  await step('cells of a spreadsheet, which bring a picture of themselves along', async () => {
    await copy(true);
    await page.field.focus();
    await window.page.keyboard.press('Control+V');
    assert.match(await page.field.inputValue(), /にんじん/);
    assert.equal(await tray(window.page).count(), 0);
  });
});

journey('how far a file is can be seen, and it can be taken back on the way', async (stage) => {
  const { owner, window, page } = await shop(stage);
  const { step } = stage;
  /** All but the first part stay in the air until they are let go. */
  let held = true;
  /** @type {import('playwright-core').Route[]} */
  const air = [];
  await window.page.route(/\/parts\/[1-9]$/, (route) => (held ? void air.push(route) : route.continue()));
  const letGo = async () => {
    held = false;
    await Promise.all(air.splice(0).map((route) => route.continue().catch(() => {})));
  };
  const large = { name: '図面.bin', mimeType: '', buffer: Buffer.alloc(12 * 1024 * 1024, 'かんな') };

  await step('a third has arrived: it says so, to the eye and to a reader', async () => {
    await attach(new Pointer(window.page), 'ファイル', large);
    const bar = tray(window.page).getByRole('progressbar', { name: /^図面\.bin：/ });
    await bar.waitFor();
    await stage.until(async () => Number(await bar.getAttribute('value')) >= 33);
    await tray(window.page).getByText(/^送っています　\d+%$/).waitFor();
    assert.ok(Number(await bar.getAttribute('value')) < 100);
  });

  await step('taken off the tray it is gone, and on the server nothing counts', async () => {
    const thrown = window.page.waitForRequest((one) => one.method() === 'DELETE' && /\/uploads\//.test(one.url()));
    await tray(window.page).getByRole('button', { name: '図面.binを外す' }).click();
    await tray(window.page).waitFor({ state: 'detached' });
    await thrown;
    await letGo();
    await stage.until(async () => (await owner.call('GET', '/usage')).member.used === 0);
  });

  await step('a letter sent with its file on the way says how far it is, and can be taken back whole', async () => {
    held = true;
    await attach(new Pointer(window.page), 'ファイル', large);
    await page.field.fill('図面をお送りします');
    await page.button.click();
    const letter = page.message('図面をお送りします');
    await letter.getByText(/添えたもの　0\/1件・\d+%/).waitFor();
    await letter.getByRole('button', { name: '取り下げる' }).click();
    await letter.waitFor({ state: 'detached' });
    await letGo();
    await stage.until(async () => (await owner.call('GET', '/usage')).member.used === 0);
  });
});

journey('pictures under fingers: swiped, spread, tapped twice, pulled away', async (stage) => {
  const { otsu, room, window, page } = await shop(stage, 'phone');
  const { step } = stage;
  const photo = await made.jpeg(window.page, 2000, 1500);
  await made.postFiles(otsu, room, '三枚です', Array.from({ length: 3 }, (_, i) => ({ name: `棚${i}.jpg`, bytes: photo, media: 'image/jpeg' })));
  const fingers = await Fingers.on(window.page);
  const over = viewer(window.page);
  const image = over.getByRole('img');
  const count = (/** @type {number} */ at) => over.getByText(`${at} / 3`).waitFor();
  const width = async () => (await middle(image)).width;
  /** What has settled: the picture's width after its movement. */
  const settles = (/** @type {(width: number) => boolean} */ holds) => stage.until(async () => holds(await width()));
  await page.log.getByRole('button', { name: /写真 1\/3/ }).click();
  await image.waitFor();
  const rest = await width();
  const { x, y } = await middle(image);

  await step('a swipe leads to the next and back, and not past the ends', async () => {
    await count(1);
    await fingers.move([{ x: x + 120, y }, { x: x - 120, y: y + 10 }]);
    await count(2);
    await fingers.move([{ x: x - 120, y }, { x: x + 120, y }]);
    await count(1);
    await fingers.move([{ x: x - 120, y }, { x: x + 120, y }]);
    await count(1);
    // Hardly moved: meant for nothing.
    await fingers.move([{ x, y }, { x: x - 30, y }]);
    await count(1);
  });

  await step('two fingers spread it; then one finger moves it and does not swipe', async () => {
    await fingers.move([{ x: x - 40, y }, { x: x - 120, y }], [{ x: x + 40, y }, { x: x + 120, y }]);
    await settles((now) => now > rest * 2.5);
    const before = (await middle(image)).x;
    await fingers.move([{ x: x + 100, y }, { x: x - 60, y }]);
    await count(1);
    assert.ok((await middle(image)).x < before - 100, 'it follows the finger');
    // The finer picture came for the closer look.
    await window.page.waitForFunction(() => /** @type {any} */ (document.querySelector('dialog img'))?.naturalWidth === 2000);
    await fingers.move([{ x: x - 140, y }, { x: x - 20, y }], [{ x: x + 140, y }, { x: x + 20, y }]);
    await settles((now) => Math.abs(now - rest) < 1);
  });

  await step('two taps go closer where they fell, and back', async () => {
    await fingers.tapTwice({ x: x - 80, y });
    await settles((now) => now > rest * 2.3);
    assert.ok((await middle(image)).x > x + 50, 'what was tapped stays under the finger');
    // Twice moved is not twice tapped.
    await fingers.move([{ x, y }, { x: x + 12, y }]);
    await fingers.move([{ x, y }, { x: x + 12, y }]);
    assert.ok((await width()) > rest * 2.3);
    await window.page.waitForTimeout(400);
    await fingers.tapTwice({ x, y });
    await settles((now) => Math.abs(now - rest) < 1);
  });

  await step('pulled down it closes', async () => {
    await fingers.move([{ x, y }, { x: x + 10, y: y + 200 }]);
    await over.waitFor({ state: 'detached' });
  });
});
