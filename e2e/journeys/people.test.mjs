// Thirty people this afternoon: a file from Excel, thirty sheets of paper, and partners who see only their room.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

import { organisation } from '../harness/api.mjs';
import { Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';
import { join } from '../pages/door.mjs';
import { toMembers } from '../pages/people.mjs';

const jsQR = createRequire(import.meta.url)('jsqr');

const HEAD = '姓,名,せい,めい,社員番号,部署,役職,区分';
const KANA = ['あ', 'い', 'う', 'え', 'お', 'か', 'き', 'く', 'け', 'こ'];
const NAMES = ['有馬', '伊勢', '内海', '江口', '大月', '柿本', '木曽', '久我', '気仙', '古閑'];
/** Thirty people of two shops. */
const ROWS = Array.from({ length: 30 }, (_, i) => {
  const given = ['一', '二', '三'][Math.floor(i / 10)];
  const kana = ['いち', 'に', 'さん'][Math.floor(i / 10)];
  return `${NAMES[i % 10]},${given},${KANA[i % 10]}のひと,${kana},${1000 + i},店舗／${i % 2 ? '駅前店' : '港店'},,${i % 3 ? '社員' : 'パート'}`;
});
const file = (/** @type {string[]} */ rows) => `${[HEAD, ...rows].join('\r\n')}\r\n`;
/** As Excel in Japan saves "CSV". */
const sjis = (/** @type {string} */ text) => execFileSync('iconv', ['-f', 'UTF-8', '-t', 'SHIFT_JIS'], { input: text });

/** What the QR code on a sheet says. @param {import('playwright-core').Locator} svg */
async function scan(svg) {
  const EDGE = 420;
  const pixels = await svg.evaluate(async (element, edge) => {
    const copy = /** @type {SVGElement} */ (element.cloneNode(true));
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.setAttribute('width', String(edge));
    copy.setAttribute('height', String(edge));
    const url = URL.createObjectURL(new Blob([copy.outerHTML], { type: 'image/svg+xml' }));
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: edge, height: edge });
    const drawing = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    drawing.drawImage(image, 0, 0, edge, edge);
    return Array.from(drawing.getImageData(0, 0, edge, edge).data);
  }, EDGE);
  return jsQR(Uint8ClampedArray.from(pixels), EDGE, EDGE)?.data;
}

journey('thirty people are brought in from a file, and each gets a sheet of paper', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const window = await browser.window('甲野', server.url);
  await owner.window(window.context);
  const hands = new Pointer(window.page);
  const { page } = window;
  const choose = async (/** @type {string} */ name, /** @type {Buffer} */ buffer) => {
    await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer });
  };
  await page.goto('/rooms');
  await toMembers(hands);
  await hands.press(page.getByRole('link', { name: 'CSV' }).first());

  await step('a file in Shift_JIS with two wrong lines is shown with what is wrong, and nothing is written', async () => {
    const wrong = [...ROWS];
    wrong[3] = wrong[3].replace('江口', '');
    wrong[7] = wrong[7].replace('1007', '1006');
    await choose('名簿.csv', sjis(file(wrong)));
    await page.getByText('シフトJIS').waitFor();
    await page.getByText('行に直すところがあります').waitFor();
    assert.equal(await page.getByRole('button', { name: /名を加える/ }).count(), 0);
    const table = await page.getByRole('table').innerText();
    assert.match(table, /有馬 一/);
    const { members } = await owner.call('GET', '/members');
    assert.equal(members.length, 1, 'nobody was added');
  });

  await step('the corrected file, now UTF-8 with a byte order mark, brings thirty people and three departments', async () => {
    await hands.press(page.getByRole('button', { name: '別のファイルを選ぶ' }));
    await choose('名簿.csv', Buffer.from(`\uFEFF${file(ROWS)}`));
    await page.getByText('30名を加えられます').waitFor();
    assert.match(await page.locator('main').innerText(), /新しくできる部署/);
    await hands.press(page.getByRole('button', { name: '30名を加える' }));
    await page.getByText('30名を加えました').waitFor();
    const { members } = await owner.call('GET', '/members');
    assert.equal(members.length, 31);
    const departments = await owner.call('GET', '/departments');
    assert.deepEqual(departments.map((/** @type {any} */ d) => d.name).sort(), ['店舗', '港店', '駅前店'].sort());
  });

  await step('thirty invitations, one A4 page each, whose QR code is the link', async () => {
    await hands.press(page.getByRole('button', { name: '未登録の30名の招待をつくる' }));
    await hands.press(page.getByRole('dialog').getByRole('button', { name: '30名の招待をつくる' }));
    await page.getByRole('heading', { name: '招待の紙' }).waitFor();
    const sheets = page.getByRole('article');
    assert.equal(await sheets.count(), 30);
    for (const i of [0, 29]) {
      const link = /https?:\S+\/join#\S+/.exec(await sheets.nth(i).innerText())?.[0];
      assert.equal(await scan(sheets.nth(i).getByRole('img', { name: /QRコード/ })), link);
    }
    const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true });
    assert.equal(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length, 30, 'one page a person');
  });

  await step('one of them joins from their sheet', async () => {
    const sheet = page.getByRole('article').first();
    const link = /https?:\S+\/join#\S+/.exec(await sheet.innerText())?.[0];
    const phone = await browser.window('有馬', server.url, { hold: 'phone' });
    await join(new Pointer(phone.page), /** @type {string} */ (link), {
      family_name: '有馬', password: '港の灯りは朝が来るまで消えません',
    });
  });
});

journey('a partner sees only their own room and the people in it', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const otsu = await owner.bring({ family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう' });
  const hei = await owner.bring({ family_name: '丙山', given_name: '三奈', family_kana: 'へいやま', given_kana: 'みな' });
  const partner = await owner.bring({
    family_name: '卯木', given_name: '四朗', family_kana: 'うき', given_kana: 'しろう',
    kind: 'partner', role: 'partner', company: '見本商事',
  });
  const inner = await owner.room('社内だけの話', [otsu, hei]);
  const outer = await owner.room('見本商事様 納品', [otsu, partner]);
  await owner.post(inner, '来期の仕入れ値について');
  await owner.post(outer, 'お世話になっております');
  const theirs = await browser.window('卯木', server.url);
  await partner.window(theirs.context);
  const ours = await browser.window('乙川', server.url);
  await otsu.window(ours.context);

  await step('no other room and nobody else stands anywhere', async () => {
    const { page } = theirs;
    await page.goto('/rooms');
    await page.getByRole('link', { name: /見本商事様/ }).first().waitFor();
    assert.equal(await page.getByText('社内だけの話').count(), 0);
    await page.goto('/people');
    await page.getByText('乙川').first().waitFor();
    assert.equal(await page.getByText('丙山').count(), 0);
    await page.goto(`/people/${hei.id}`);
    await page.getByText('この人は見つかりません').waitFor();
    await page.goto(`/rooms/${inner}`);
    await page.getByText('この部屋は、もうないか、あなたには開けないものです').first().waitFor();
    assert.equal((await partner.try('GET', `/rooms/${inner}`)).status, 404);
  });

  await step('the composer names the firm before one writes to it', async () => {
    const { page } = ours;
    await page.goto(`/rooms/${outer}`);
    await page.getByText('社外1名（見本商事）を含む3名が読みます').waitFor();
    const room = new RoomPage(page);
    await room.field.fill('6:30着でお願いします');
    await page.getByRole('button', { name: '社外へ送信' }).click();
    await room.sent('6:30着でお願いします');
  });

  const removed = async () => {
    const { page } = theirs;
    await owner.call('DELETE', `/rooms/${outer}/members/${partner.id}`);
    await owner.post(outer, 'ここからは社内で');
    assert.equal((await partner.try('GET', `/rooms/${outer}/messages?limit=50`)).status, 404);
    return async () => {
      await page.getByText('この部屋から外れました').waitFor();
      assert.equal(await page.getByText('6:30着でお願いします').count(), 0);
      assert.equal(await page.getByText('ここからは社内で').count(), 0);
    };
  };

  await step('taken out of the room, they read nothing more (R25)', async () => {
    const room = new RoomPage(theirs.page);
    await room.open(outer);
    await room.hears('6:30着でお願いします');
    const shown = await removed();
    await shown();
  });

  await step('nor when it happened while they had no line, or before it stood', async () => {
    const { page } = theirs;
    const room = new RoomPage(page);
    await owner.call('PUT', `/rooms/${outer}/members/${partner.id}`);
    await room.open(outer);
    await room.hears('6:30着でお願いします');
    await theirs.offline(true);
    const away = await removed();
    await theirs.offline(false);
    await away();

    await owner.call('PUT', `/rooms/${outer}/members/${partner.id}`);
    let connect = () => {};
    const held = new Promise((resolve) => (connect = () => resolve(null)));
    await page.route(/\/gateway\/ticket$/, (route) => held.then(() => route.continue()));
    await room.open(outer);
    await room.hears('6:30着でお願いします');
    const early = await removed();
    connect();
    await early();
  });
});
