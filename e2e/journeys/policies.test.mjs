// Policies: an owner says what may be done on which device; a member's phone shows it, holds to it, and says why (R16, R17,
// R20). Who would shut themselves out is told before, and finds the way back on the command line.
import assert from 'node:assert/strict';

import { newId, organisation } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import * as made from '../harness/files.mjs';
import { Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';
import * as door from '../pages/door.mjs';
import { viewer } from '../pages/files.mjs';

/** @typedef {import('../harness/api.mjs').Person} Person */
/** @typedef {import('playwright-core').Page} Page */

const MEMBER = {
  family_name: '乙川', given_name: '二葉', family_kana: 'おつかわ', given_kana: 'ふたば',
  login: 'otsukawa', staff_number: '0417',
};
/** The app asks every 20 s, spread over 5 s. */
const COMES_BACK = 40_000;

/** A member's own phone, brought in with a code. */
async function phone(browser, server, /** @type {Person} */ owner, /** @type {Person} */ person, how = {}) {
  const window = await browser.window('phone', server.url, { hold: 'phone', ...how });
  const hands = new Pointer(window.page);
  const { code } = await owner.call('POST', `/members/${person.id}/device-code`, { ownership: 'own' });
  await window.page.goto('/');
  await door.signIn(hands, person.login, person.password);
  await door.enrolDevice(hands, code, '私のスマホ');
  await door.agree(hands);
  await door.inside(window.page);
  return window;
}

/** Puts rules in force as the owner, over the wire. */
async function rule(/** @type {Person} */ owner, /** @type {any[]} */ rules) {
  const { version } = await owner.call('GET', '/organisation/policies');
  await owner.call('PUT', '/organisation/policies', { version, rules, understood: true });
}
const one = (/** @type {string} */ name, /** @type {any} */ limits, /** @type {any} */ applies = {}) => ({
  id: newId(),
  name,
  applies: { kinds: [], ownership: null, roles: [], ...applies },
  limits,
});

/** `HH:00` in Japan, so many hours from now. */
const hour = (/** @type {number} */ later) =>
  `${String(new Date(Date.now() + (9 + later) * 3_600_000).getUTCHours()).padStart(2, '0')}:00`;
const DAILY = [1, 2, 3, 4, 5, 6, 7];

/** Whether the page hides who reads it: the mark names them. */
const marked = (/** @type {Page} */ page) => page.locator('svg[data-watermark]');

/** What the browser answers to somebody who copies the words of an element. */
const copies = (/** @type {import('playwright-core').Locator} */ words) =>
  words.evaluate((element) => element.dispatchEvent(new ClipboardEvent('copy', { bubbles: true, cancelable: true })));

journey('an owner sets the rules; a phone shows them, holds to them and says why', async ({ server, browser, step, until, say }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  const room = await owner.room('駅前店 連絡', [person]);
  const desk = await browser.window('owner', server.url);
  const hands = new Pointer(desk.page);
  await owner.window(desk.context);
  await desk.page.goto('/rooms');
  await door.inside(desk.page);
  const photo = await made.jpeg(desk.page, 1200, 900);
  await made.postFiles(owner, room, '棚と予定', [
    { name: '棚.jpg', bytes: photo, media: 'image/jpeg' },
    { name: '納品予定.pdf', bytes: made.pdf([made.SHIFT_JIS.delivery, made.SHIFT_JIS.stock]), media: 'application/pdf' },
    { name: '朝礼.wav', bytes: made.wav(), media: 'audio/wav' },
  ]);
  const theirs = await phone(browser, server, owner, person);
  const { page } = theirs;

  await step('without a rule everything may be done, and that is said', async () => {
    await page.goto('/me/devices');
    await page.getByRole('link', { name: 'この端末の決まりを見る' }).click();
    const free = page.getByRole('region', { name: 'この端末の決まり' });
    await free.getByText('ファイルの保存').waitFor();
    await free.getByText('どこからでも使う').waitFor();
    assert.equal(await free.getByText('決まり「').count(), 0);
    assert.equal(await marked(page).count(), 0);
  });

  await step('the owner writes a rule for what people bring along, and sees what they will read', async () => {
    await hands.press(desk.page.getByRole('link', { name: '管理' }));
    await hands.press(desk.page.getByRole('link', { name: '端末ポリシー' }));
    await hands.press(desk.page.getByRole('button', { name: '私物の端末の決まりから始める' }));
    await desk.page.getByLabel('文字のコピー：私物の端末').selectOption({ label: 'できない' });
    await hands.press(desk.page.getByRole('button', { name: /^電波がないとき読める時間を変える（私物の端末）/ }));
    const dialog = desk.page.getByRole('dialog');
    await dialog.getByLabel('電波がないとき読める時間').fill('２００');
    await hands.press(dialog.getByRole('button', { name: 'これで決める' }));
    await dialog.getByText('0から168までの整数').waitFor();
    await dialog.getByLabel('電波がないとき読める時間').fill('８');
    await hands.press(dialog.getByRole('button', { name: 'これで決める' }));
    const says = desk.page.getByRole('complementary', { name: '職員にはこう見えます' });
    await says.getByText('発言や画面の文字はコピーできません').waitFor();
    await says.getByText('電波がないとき読めるのは、8時間までです').waitFor();
    await says.getByText('画面の撮影').waitFor();
  });

  await step('before it is saved: what changes and for how many; after it, the version', async () => {
    await hands.press(desk.page.getByRole('button', { name: '変更を確かめて保存' }));
    const dialog = desk.page.getByRole('dialog', { name: 'この変更を保存しますか' });
    await dialog.getByText('私物の端末：加える').waitFor();
    await hands.press(dialog.getByRole('button', { name: /名に効かせる$|^保存する$/ }));
    await dialog.waitFor({ state: 'hidden' });
    await desk.page.getByText('全職員・第1版').waitFor();
    const { rules } = await owner.call('GET', '/organisation/policies');
    assert.deepEqual(rules[0].applies.ownership, 'own');
    assert.deepEqual(rules[0].limits, { download: false, copy: false, share: false, watermark: true, lease_hours: 8 });
  });

  await step('the phone that is open shows it at once, each line with its rule', async () => {
    const told = page.getByRole('region', { name: 'この端末の決まり' });
    const line = told.getByRole('listitem').filter({ hasText: 'ファイルは見るだけです' });
    await line.getByText('決まり「私物の端末」').waitFor();
    await marked(page).waitFor({ state: 'attached' });
    const words = (await marked(page).textContent()) ?? '';
    assert.match(words, /乙川.*0417/s, 'the mark names who looks');
    assert.match(words, /\d{4}\/\d\d\/\d\d \d\d:\d\d/, 'and when (R17)');
  });

  await step('words cannot be copied, one’s own writing can; both are said', async () => {
    await new RoomPage(page).open(room);
    const message = page.getByRole('log').getByRole('article').filter({ hasText: '棚と予定' });
    await message.waitFor();
    assert.equal(await copies(message), false, 'refused');
    await page.getByText('この端末では、文字をコピーできません').waitFor();
    assert.equal(await copies(page.getByRole('textbox', { name: 'メッセージ', exact: true })), true);
    assert.equal(await message.evaluate((element) => getComputedStyle(element).userSelect), 'none');
  });

  await step('a file is looked at as the server draws it, under the mark, and cannot be saved (R16, R17)', async () => {
    const message = page.getByRole('log').getByRole('article').filter({ hasText: '棚と予定' });
    assert.equal(await message.getByRole('button', { name: /を保存$/ }).count(), 0, 'nothing offers to save');
    const asked = /** @type {string[]} */ ([]);
    page.on('request', (request) => asked.push(request.url()));
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

  await step('the screen blurs when one is away, where a rule says so', async () => {
    await rule(owner, [one('窓口', { blur: true, print: false, watermark: true }, { roles: ['member'] })]);
    await until(() => page.evaluate(() => 'noPrint' in document.documentElement.dataset));
    await page.evaluate(() => window.dispatchEvent(new Event('blur')));
    await page.getByText('離れているあいだ、画面をぼかしています').waitFor();
    assert.match(await page.locator('.whole').evaluate((all) => getComputedStyle(all).filter), /blur/);
    await page.evaluate(() => window.dispatchEvent(new Event('focus')));
    await page.getByText('離れているあいだ').waitFor({ state: 'detached' });
    await page.emulateMedia({ media: 'print' });
    await page.getByText('この端末では、印刷できません').waitFor();
    assert.equal(await page.locator('.whole').isVisible(), false, 'nothing of the page is printed');
    await page.emulateMedia({ media: 'screen' });
  });

  await step('when its hours are over the page says so, shows nothing else, and comes back by itself (R20)', async () => {
    const shut = performance.now();
    await rule(owner, [one('夜間', { hours: { from: hour(2), to: hour(3), days: DAILY } }, { roles: ['member'] })]);
    await page.getByRole('heading', { name: 'いまは、使える時間の外です' }).waitFor();
    say(`the open page was shut after ${Math.round(performance.now() - shut)} ms`);
    await page.getByText('決まり「夜間」によります').waitFor();
    await page.getByText('次に開くのは').waitFor();
    assert.equal((await page.locator('body').innerText()).includes('棚と予定'), false, 'nothing of the talk is left');
    await page.reload();
    await page.getByRole('heading', { name: 'いまは、使える時間の外です' }).waitFor();
    const found = await obstacles(page, 'outside the hours');
    assert.equal(found.join('\n'), '');
    await rule(owner, []);
    const open = performance.now();
    await page.getByRole('log').getByText('棚と予定').waitFor({ timeout: COMES_BACK });
    say(`it came back by itself after ${Math.round(performance.now() - open)} ms`);
  });
});

journey('who would shut themselves out is told, and the command line opens the house again', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const { page, context } = await browser.window('owner', server.url);
  const hands = new Pointer(page);
  await owner.window(context);
  await page.goto('/admin/policies');

  await step('a network that is not one’s own is a warning, and nothing is saved unread', async () => {
    await hands.press(page.getByRole('button', { name: '決まりを加える' }));
    const dialog = page.getByRole('dialog');
    await hands.press(dialog.getByRole('button', { name: 'これで決める' }));
    await dialog.getByText('名前を入れてください').waitFor();
    await hands.write(dialog.getByLabel('決まりの名前'), '店内だけ');
    await hands.press(dialog.getByRole('button', { name: 'これで決める' }));
    await hands.press(page.getByRole('button', { name: /^接続元を変える（店内だけ）/ }));
    await dialog.getByLabel('使える接続元').fill('203.0.113.0/24\n本店');
    await hands.press(dialog.getByRole('button', { name: 'これで決める' }));
    await dialog.getByText('2行目「本店」はネットワークとして読めません').waitFor();
    await dialog.getByLabel('使える接続元').fill('203.0.113.0/24');
    await hands.press(dialog.getByRole('button', { name: 'これで決める' }));
    await hands.press(page.getByRole('button', { name: '変更を確かめて保存' }));
    const ask = page.getByRole('dialog', { name: 'この変更を保存しますか' });
    await ask.getByText('あなた自身が、この端末から入れなくなります').waitFor();
    await ask.getByText('kairan admin policies-off').waitFor();
    const act = ask.getByRole('button', { name: /名に効かせる$|^保存する$/ });
    assert.ok(await act.isDisabled(), 'not before it is understood');
    const found = await obstacles(page, 'the warning');
    assert.equal(found.join('\n'), '');
    await hands.tick(ask.getByRole('checkbox', { name: /自分が入れなくなることが分かったうえで/ }));
    await hands.press(act);
  });

  await step('they are shut out, and told from where they came', async () => {
    await page.getByRole('heading', { name: 'いまの接続元からは使えません' }).waitFor();
    await page.getByText('127.0.0.1').waitFor();
  });

  await step('the command line takes the rules away, and the page comes back by itself', async () => {
    const { code, out } = await server.command('admin', 'policies-off');
    assert.equal(code, 0, out);
    await page.getByRole('button', { name: '決まりを加える' }).waitFor({ timeout: COMES_BACK });
    assert.deepEqual((await owner.call('GET', '/organisation/policies')).rules, []);
  });
});
