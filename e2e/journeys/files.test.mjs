// Files and pictures, from the phone that takes them to the desk that opens them (R25, R42, R43, R45, R48).
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { organisation } from '../harness/api.mjs';
import * as made from '../harness/files.mjs';
import { Keyboard, Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { settled, written } from '../harness/kept.mjs';
import { RoomPage } from '../harness/room.mjs';
import { arrived, attach, saved, tray, viewer } from '../pages/files.mjs';

/** An owner and a colleague in one room, each at a window. */
async function shop(/** @type {any} */ { server, browser }, /** @type {any} */ holds = {}) {
  const owner = await organisation(server);
  const otsu = await owner.bring({
    family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう',
  });
  const room = await owner.room('駅前店 連絡', [otsu]);
  const open = async (/** @type {any} */ person, /** @type {string} */ name, /** @type {any} */ how) => {
    const window = await browser.window(name, server.url, how);
    await person.window(window.context);
    await new RoomPage(window.page).open(room);
    return window;
  };
  const here = await open(owner, 'owner', holds.owner);
  const there = await open(otsu, 'otsu', holds.otsu);
  return { owner, otsu, room, here, there };
}

journey('a photograph from the phone loses its place on the way and is looked at by the others', async (stage) => {
  const { here, there } = await shop(stage, { owner: { hold: 'phone' } });
  const { step } = stage;
  const phone = new Pointer(here.page);
  const desk = new Keyboard(there.page);
  const plain = await made.jpeg(here.page, 1600, 1200, '棚');
  const photo = made.withGps(plain);
  assert.ok(made.knowsItsPlace(photo), 'the phone wrote where it was');

  await step('it is taken with the camera and sent without a word', async () => {
    await attach(phone, 'カメラで撮る', { name: 'IMG_0001.JPG', mimeType: 'image/jpeg', buffer: photo });
    await arrived(here.page);
    await here.page.getByRole('button', { name: /^送信$/ }).click();
    await here.page.getByRole('log').getByRole('button', { name: /写真 1\/1/ }).waitFor();
    assert.equal(await tray(here.page).count(), 0, 'nothing is left beside the next words');
  });

  await step('the other one opens it by keyboard, goes nearer and closes it', async () => {
    const picture = there.page.getByRole('log').getByRole('button', { name: /写真 1\/1：IMG_0001/ });
    await picture.waitFor();
    await desk.press(picture);
    await viewer(there.page).getByRole('img', { name: /写真 1\/1、IMG_0001/ }).waitFor();
    await there.page.keyboard.press('+');
    await there.page.keyboard.press('Escape');
    await viewer(there.page).waitFor({ state: 'detached' });
    assert.ok(await picture.evaluate((button) => button === document.activeElement), 'the focus is back');
  });

  await step('what is saved knows nothing of the place (R45)', async () => {
    await desk.press(there.page.getByRole('log').getByRole('button', { name: /写真 1\/1/ }));
    const { name, bytes } = await saved(desk, viewer(there.page).getByRole('button', { name: /を保存$/ }));
    assert.match(name, /^IMG_0001\.jpe?g$/i);
    assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff], 'it is a JPEG');
    assert.ok(!made.knowsItsPlace(bytes), 'no EXIF, no place, no maker');
    await there.page.keyboard.press('Escape');
  });

  await step('large photographs are made smaller, which is said and can be declined', async () => {
    const large = await made.jpeg(here.page, 4000, 3000, '大');
    const gallery = Array.from({ length: 3 }, (_, i) => ({ name: `IMG_10${i}.JPG`, mimeType: 'image/jpeg', buffer: large }));
    await attach(phone, '写真・動画', gallery);
    await arrived(here.page, 3);
    await tray(here.page).getByText(/写真3枚を小さくして送ります（.+ → .+）/).waitFor();
    await tray(here.page).getByLabel('元の大きさで送る').check();
    await tray(here.page).getByText(/写真3枚を元の大きさのまま送ります/).waitFor();
    await tray(here.page).getByLabel('元の大きさで送る').uncheck();
    await arrived(here.page, 3);
    await tray(here.page).getByRole('button', { name: 'IMG_102.jpgを外す' }).click();
    await new RoomPage(here.page).say('売り場です');
    const grid = there.page.getByRole('log').getByRole('article').filter({ hasText: '売り場です' });
    await grid.getByRole('button', { name: /写真 2\/2/ }).click();
    const shown = viewer(there.page).getByRole('img');
    await viewer(there.page).getByText('2 / 2').waitFor();
    await there.page.keyboard.press('ArrowLeft');
    await viewer(there.page).getByText('1 / 2').waitFor();
    await there.page.waitForFunction(() => /** @type {any} */ (document.querySelector('dialog img'))?.naturalWidth > 0);
    assert.equal(await shown.evaluate((img) => /** @type {any} */ (img).naturalWidth), 1600, 'the large preview');
    await viewer(there.page).getByRole('button', { name: '発言へ' }).click();
    await viewer(there.page).waitFor({ state: 'detached' });
  });

  await step('the list of rooms says what came', async () => {
    await here.page.getByRole('link', { name: '部屋の一覧に戻る' }).click();
    await here.page.getByRole('link', { name: /売り場です/ }).waitFor();
  });
});

journey('200 MB arrive whole over a line that is cut three times', async (stage) => {
  const { otsu, room, here } = await shop(stage);
  const { step, say } = stage;
  const SIZE = 200 * 1024 * 1024;
  const folder = await mkdtemp(join(tmpdir(), 'kairan-large-'));
  try {
    const path = join(folder, '店内記録.bin');
    const hash = await made.large(path, SIZE);
    const started = performance.now();
    /** @type {number[]} */
    const cuts = [];
    await step('it goes on from where it was, each time', async () => {
      let parts = 0;
      let begun = 0;
      const isPart = (/** @type {import('playwright-core').Request} */ one) => /\/parts\/\d+$/.test(one.url());
      here.page.on('request', (one) => (begun += Number(isPart(one))));
      here.page.on('requestfinished', (one) => (parts += Number(isPart(one))));
      await attach(new Pointer(here.page), 'ファイル', path);
      await here.page.getByRole('textbox', { name: 'メッセージ', exact: true }).fill('記録です');
      // Sent while it is still on its way: the letter waits for its file.
      await here.page.getByRole('button', { name: /^送信$/ }).click();
      for (const share of [8, 20, 32]) {
        while (parts < share) await here.page.waitForTimeout(20);
        cuts.push(parts);
        await here.offline(true);
        await here.page.waitForTimeout(700);
        await here.offline(false);
      }
      await new RoomPage(here.page).sent('記録です', 180_000);
      say(`${((performance.now() - started) / 1000).toFixed(1)} s, 50 parts sent in ${begun} tries; cut after ${cuts.join(', ')}`);
      // Two are in the air at each cut.
      assert.ok(begun <= 50 + 3 * 2 + 2, `${begun} tries: what had arrived was not sent again`);
    });

    await step('the other one gets the same bytes (R48)', async () => {
      const { files } = await otsu.call('GET', `/rooms/${room}/files`);
      const [file] = files;
      assert.deepEqual([file.name, file.size], ['店内記録.bin', SIZE]);
      const { url } = await otsu.call('POST', `/files/${file.id}/open`, { how: 'download' });
      const answer = await made.ask(otsu, 'GET', url.replace('/api/v1', ''));
      const sum = createHash('sha256');
      for await (const piece of /** @type {any} */ (answer.body)) sum.update(piece);
      assert.equal(sum.digest('hex'), hash);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

journey('the very first file is attached and sent without a line', async (stage) => {
  const { here, there } = await shop(stage);
  const page = new RoomPage(here.page);
  // What attaching needs comes a moment after the room stands, before anything was attached.
  await here.page.waitForTimeout(12_000);
  await stage.step('it lies beside the words, and waits with them', async () => {
    await here.offline(true);
    await attach(new Pointer(here.page), 'ファイル', { name: '伝票.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b') });
    await tray(here.page).getByText('伝票.csv').waitFor();
    await page.field.fill('伝票です');
    await page.button.click();
    await page.message('伝票です').getByText('伝票.csv').waitFor();
  });
  await stage.step('with the line back both arrive', async () => {
    await here.offline(false);
    await page.sent('伝票です', 40_000);
    await new RoomPage(there.page).message('伝票です').getByText('伝票.csv').waitFor();
  });
});

journey('what was sent without a line arrives though its tab was closed', async (stage) => {
  const { otsu, room, here } = await shop(stage);
  const { step, say } = stage;
  const SIZE = 24 * 1024 * 1024;
  const bytes = Buffer.alloc(SIZE, 'かんな');
  const field = (/** @type {RoomPage} */ page) => page.message('図面一式です');
  let page = new RoomPage(here.page);
  await settled(here.page);
  await written(here.page);

  await step('the line goes in the middle of the file; it is sent all the same and the tab closed', async () => {
    // Two parts arrive, the others stay in the air.
    let arrived = 0;
    here.page.on('requestfinished', (one) => (arrived += Number(/\/parts\/\d+$/.test(one.url()))));
    await here.page.route(/\/parts\/[2-9]$/, () => {});
    const path = join(stage.server.directory, '図面.bin');
    await writeFile(path, bytes);
    await attach(new Pointer(here.page), 'ファイル', path);
    await stage.until(async () => arrived === 2);
    await here.offline(true);
    await page.field.fill('図面一式です');
    await page.button.click();
    // From the moment the field is empty it is kept: not a moment is left for more.
    await here.page.waitForFunction(() => document.querySelector('textarea')?.value === '');
    await here.page.close();
  });

  await step('a new tab shows it waiting', async () => {
    here.page = await here.context.newPage();
    page = new RoomPage(here.page);
    await page.open(room);
    await field(page).getByText('図面.bin').waitFor();
    assert.equal(await field(page).locator('[data-seq]').count(), 0, 'nobody else has it yet');
  });

  await step('with the line back it goes on where it was and arrives whole', async () => {
    let tries = 0;
    here.page.on('request', (one) => (tries += Number(/\/parts\/\d+$/.test(one.url()))));
    const back = performance.now();
    await here.offline(false);
    await page.sent('図面一式です', 60_000);
    say(`it stood ${((performance.now() - back) / 1000).toFixed(1)} s after the line was back, ${tries} of 6 parts sent`);
    assert.equal(tries, 4, 'what had arrived was not sent again');
    const [file] = (await otsu.call('GET', `/rooms/${room}/files`)).files;
    assert.deepEqual([file.name, file.size], ['図面.bin', SIZE]);
    const { url } = await otsu.call('POST', `/files/${file.id}/open`, { how: 'download' });
    const answer = await made.ask(otsu, 'GET', url.replace('/api/v1', ''));
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes), 'the same bytes');
  });
});

journey('what may not come in is refused in words and leaves nothing', async (stage) => {
  const { owner, otsu, room, here, there } = await shop(stage);
  const { step } = stage;
  const hands = new Pointer(here.page);
  const photo = await made.jpeg(here.page, 640, 480);

  await step('a JPEG that calls itself a PDF (R43)', async () => {
    await attach(hands, 'ファイル', { name: '請求書.pdf', mimeType: 'application/pdf', buffer: photo });
    const refusal = tray(here.page).getByRole('alert');
    await refusal.waitFor();
    assert.match(await refusal.innerText(), /.{10,}/, 'it is said in words');
    await here.page.getByRole('textbox', { name: 'メッセージ', exact: true }).fill('請求書です');
    await here.page.getByRole('button', { name: /^送信$/ }).click();
    await here.page.getByText('送れないファイルがあります').waitFor();
    await tray(here.page).getByRole('button', { name: '請求書.pdfを外す' }).click();
    await new RoomPage(here.page).say('請求書はあとで');
  });

  await step('more than one may keep (R48): the words say how much, and nothing stays', async () => {
    const settings = await owner.call('GET', '/organisation/settings');
    const { used } = (await otsu.call('GET', '/usage')).member;
    await owner.call('PUT', '/organisation/settings', {
      ...settings, mail: { on: settings.mail.on }, files: { ...settings.files, per_member: 1_048_576 },
    });
    const other = new Pointer(there.page);
    await attach(other, 'ファイル', { name: '大きい.bin', mimeType: '', buffer: Buffer.alloc(2_000_000, 7) });
    const refusal = tray(there.page).getByRole('alert');
    await refusal.waitFor();
    assert.match(await refusal.innerText(), /いっぱい.*1 MB/s);
    assert.equal((await otsu.call('GET', '/usage')).member.used, used);
    await there.page.goto('/me/storage');
    await there.page.getByText(/1 MBのうち/).waitFor();
    await owner.call('PUT', '/organisation/settings', { ...settings, mail: { on: settings.mail.on } });
  });

  await step('an SVG and an HTML page never run (R42)', async () => {
    await made.postFiles(otsu, room, '図面', [
      { name: '図.svg', bytes: made.HARM.svg, media: 'image/svg+xml' },
      { name: '案内.html', bytes: made.HARM.html, media: 'text/html' },
    ]);
    const message = here.page.getByRole('log').getByRole('article').filter({ hasText: '図面' });
    await message.getByText('図.svg').waitFor();
    assert.equal(await message.locator('img, iframe, object, embed').count(), 0, 'nothing of it is drawn');
    const { files } = await owner.call('GET', `/rooms/${room}/files`);
    const harmful = files.filter((/** @type {any} */ one) => /svg|html/.test(one.name));
    assert.equal(harmful.length, 2);
    for (const file of harmful) {
      for (const how of ['view', 'download']) {
        const { url } = await owner.call('POST', `/files/${file.id}/open`, { how });
        const answer = await made.ask(owner, 'GET', url.replace('/api/v1', ''));
        assert.match(answer.headers.get('content-disposition') ?? '', /^attachment/, file.name);
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
        assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/);
        // Straight to the bytes, and inside a frame: neither runs anything.
        const page = await here.context.newPage();
        await page.goto(url.startsWith('/api') ? url : `/api/v1${url}`).catch(() => {});
        assert.notEqual(await page.title(), 'ran');
        await page.close();
      }
    }
    assert.equal(await here.page.evaluate(() => /** @type {any} */ (window).ran), undefined);
  });

  await step("a removed member's old link opens nothing (R25)", async () => {
    const [file] = (await otsu.call('GET', `/rooms/${room}/files`)).files;
    const { url } = await otsu.call('POST', `/files/${file.id}/open`, { how: 'download' });
    const path = url.replace('/api/v1', '');
    assert.equal((await made.ask(otsu, 'GET', path)).status, 200);
    await owner.call('DELETE', `/rooms/${room}/members/${otsu.id}`);
    assert.equal((await made.ask(otsu, 'GET', path)).status, 404);
    assert.equal((await made.ask(otsu, 'GET', `/files/${file.id}/thumbnail?size=small`)).status, 404);
    assert.equal((await otsu.try('POST', `/files/${file.id}/open`, { how: 'view' })).status, 404);
  });
});
