// Policies: an owner says what may be done on which device; a member's phone shows it, holds to it, and says why (R17, R20).
// Who would shut themselves out is told before, and finds the way back on the command line.
import assert from 'node:assert/strict';

import { organisation } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import { Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';
import * as door from '../pages/door.mjs';
import { marked, MEMBER, one, phone, rule } from '../pages/policies.mjs';

/** The app asks every 20 s, spread over 5 s. */
const COMES_BACK = 40_000;

/** `HH:00` in Japan, so many hours from now. */
const hour = (/** @type {number} */ later) =>
  `${String(new Date(Date.now() + (9 + later) * 3_600_000).getUTCHours()).padStart(2, '0')}:00`;
const DAILY = [1, 2, 3, 4, 5, 6, 7];

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
  await owner.post(room, '棚と予定');
  const theirs = await phone(browser, server, owner, person);
  const { page } = theirs;

  await step('without a rule everything may be done, and that is said', async () => {
    await page.goto('/me/devices');
    await page.getByRole('link', { name: 'この端末の決まりを見る' }).click();
    const free = page.getByRole('region', { name: 'この端末の決まり' });
    await free.getByText('ファイルの保存', { exact: true }).waitFor();
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
    // At the door, too, and where they were.
    for (const place of ['/sign-in', page.url()]) {
      await page.goto(place);
      await page.getByRole('heading', { name: 'いまは、使える時間の外です' }).waitFor();
    }
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

journey('a rule asks for a second factor; whoever has none chooses one and goes on where they were (R4)', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  const room = await owner.room('駅前店 連絡', [person]);
  await owner.post(room, '棚と予定');
  const desk = await browser.window('owner', server.url);
  const hands = new Pointer(desk.page);
  await owner.window(desk.context);
  const { page } = await phone(browser, server, owner, person);
  const fingers = new Pointer(page);
  await new RoomPage(page).open(room);
  await page.getByRole('log').getByText('棚と予定').waitFor();

  await step('the owner sets it and sees who has none yet', async () => {
    await desk.page.goto('/admin/policies');
    await hands.press(desk.page.getByRole('button', { name: '決まりを加える' }));
    const dialog = desk.page.getByRole('dialog');
    await hands.write(dialog.getByLabel('決まりの名前'), '私物スマホ');
    await hands.tick(dialog.getByRole('radio', { name: '私物', exact: true }));
    await hands.press(dialog.getByRole('button', { name: 'これで決める' }));
    await desk.page.getByLabel('二要素：私物スマホ').selectOption({ label: '求める' });
    await desk.page.getByRole('complementary').getByText('サインインに、二つ目の確認').waitFor();
    await hands.press(desk.page.getByRole('button', { name: '変更を確かめて保存' }));
    const ask = desk.page.getByRole('dialog', { name: 'この変更を保存しますか' });
    await ask.getByRole('heading', { name: /^二つ目の確認を決めることになる人\s*1名/ }).waitFor();
    await ask.getByRole('listitem').filter({ hasText: '乙川' }).getByText('決まり「私物スマホ」').waitFor();
    assert.deepEqual(await obstacles(desk.page, 'before a second factor is asked for'), []);
    await hands.press(ask.getByRole('button', { name: /名に効かせる$|^保存する$/ }));
    await ask.waitFor({ state: 'hidden' });
  });

  await step('the open phone is led to choose one, and told which rule asks', async () => {
    await page.getByRole('heading', { name: '二つ目の確認を決める' }).waitFor();
    await page.getByText('決まり「私物スマホ」により').waitFor();
    assert.equal((await page.locator('body').innerText()).includes('棚と予定'), false, 'nothing of the talk is left');
    assert.deepEqual(await obstacles(page, 'a second factor that a rule asks for'), []);
    const refused = await page.evaluate(async () => {
      const answer = await fetch('/api/v1/members');
      return [answer.status, (await answer.json()).code];
    });
    assert.deepEqual(refused, [403, 'session.incomplete']);
  });

  await step('with an authenticator app they are where they were, and keep it while the rule holds', async () => {
    const app = await door.enrolApp(fingers);
    await door.writeDown(fingers);
    await page.getByRole('log').getByText('棚と予定').waitFor();
    await page.goto('/me/policy');
    const line = page.getByRole('listitem').filter({ hasText: '二つ目の確認' });
    await line.getByText('決まり「私物スマホ」').waitFor();
    await page.goto('/me/security');
    await page.getByText('決まり「私物スマホ」により、1つは要ります').waitFor();
    assert.ok(await page.getByRole('button', { name: '認証アプリを外す' }).isDisabled());
    await door.signOut(fingers);
    await door.signIn(fingers, person.login, person.password);
    await fingers.write(page.getByLabel('6桁の数字'), await app.code());
    await door.inside(page);
  });

  await step('when the rule goes, the last one may go, too', async () => {
    await rule(owner, []);
    await page.goto('/me/security');
    await page.getByRole('button', { name: '認証アプリを外す' }).waitFor();
    assert.ok(await page.getByRole('button', { name: '認証アプリを外す' }).isEnabled());
  });
});
