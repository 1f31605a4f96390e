// The taken-over account: somebody signs in on a new device with the password and a code they saw. The member's other
// device shows it at once; 「わたしではない」 shuts the stranger out (R20) and leaves the password good for nothing but
// being changed. Times are measured and said.
import assert from 'node:assert/strict';

import { organisation, OWNER } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import { Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import * as door from '../pages/door.mjs';

/** From the enrolment's answer to the words on the other device, and from the press to the closed page, ms. */
const AT_ONCE = 5_000;
const MEMBER = {
  family_name: '乙川',
  given_name: '二葉',
  family_kana: 'おつかわ',
  given_kana: 'ふたば',
  login: 'otsukawa',
};
const NEW = 'あたらしいことばをえらんだ春のよる';

journey('a stranger in the account is seen at once and shut out', async ({ server, browser, step, say, until }) => {
  const owner = await organisation(server);
  const person = await owner.bring(MEMBER);
  await owner.room('店の連絡', [person]);
  const desk = await browser.window('desk', server.url);
  const chief = await browser.window('chief', server.url);
  const stranger = await browser.window('stranger', server.url, { hold: 'phone' });
  const [hands, fingers] = [new Pointer(desk.page), new Pointer(stranger.page)];
  const banner = desk.page.getByRole('region', { name: 'アカウントのお知らせ' });
  let added = 0;

  await step('the member is at work, and nothing is to be told', async () => {
    await person.window(desk.context);
    const asked = desk.page.waitForResponse((answer) => answer.url().endsWith('/api/v1/me/alarms'));
    await desk.page.goto('/rooms');
    await desk.page.getByText('店の連絡').first().waitFor();
    await asked;
    assert.equal(await banner.count(), 0);
    await owner.window(chief.context);
    await chief.page.goto('/admin/alarms');
    await chief.page.getByText('いま知らせることはありません').waitFor();
    assert.deepEqual(await obstacles(chief.page, '/admin/alarms, empty'), []);
  });

  await step('with the password and a code seen over the shoulder, the stranger comes in', async () => {
    const { code } = await person.call('POST', '/me/device-code');
    await stranger.page.goto('/');
    await door.signIn(fingers, person.login, person.password);
    const answered = stranger.page.waitForResponse(
      (answer) => answer.url().endsWith('/session/device') && answer.ok(),
    );
    const shown = banner.getByText('新しい端末「知らないPC」が加わりました').waitFor();
    await door.enrolDevice(fingers, code, '知らないPC');
    await answered;
    added = performance.now();
    await shown;
    const took = Math.round(performance.now() - added);
    say(`the member's screen showed the new device ${took} ms after it was enrolled`);
    assert.ok(took < AT_ONCE, `${took} ms`);
    await door.agree(fingers);
    await door.inside(stranger.page);
    await stranger.page.getByText('店の連絡').first().waitFor();
    assert.deepEqual(await obstacles(desk.page, 'the banner'), []);
  });

  await step('the stranger sees no banner, and cannot wave it away', async () => {
    const list = stranger.page.waitForResponse((answer) => answer.url().endsWith('/api/v1/me/alarms'));
    await stranger.page.goto('/me/security');
    await list;
    const one = stranger.page.getByRole('listitem').filter({ hasText: '新しい端末「知らないPC」が加わりました' });
    await one.getByText('この端末', { exact: true }).waitFor();
    assert.equal(await stranger.page.getByRole('button', { name: 'わたしではない' }).count(), 0);
    assert.equal(await stranger.page.getByRole('region', { name: 'アカウントのお知らせ' }).count(), 0);
    assert.equal(await banner.count(), 1);
  });

  await step('「わたしではない」 tells first what it does, and does it', async () => {
    await hands.press(banner.getByRole('button', { name: 'わたしではない' }));
    const dialog = desk.page.getByRole('dialog');
    await dialog.getByText('「知らないPC」をロックし').waitFor();
    await dialog.getByText('新しいパスワードを決めます').waitFor();
    assert.deepEqual(await obstacles(desk.page, 'わたしではない'), []);
    const closed = stranger.page.waitForURL(/why=locked/, { timeout: 10_000 });
    const answered = desk.page.waitForResponse((answer) => answer.url().endsWith('/not-me') && answer.ok());
    const began = performance.now();
    await hands.press(dialog.getByRole('button', { name: 'わたしではないと知らせる' }));
    await answered;
    say(`answered ${Math.round(performance.now() - began)} ms after the press`);
    await closed;
    const took = Math.round(performance.now() - began);
    say(`the stranger's page was closed ${took} ms after the press, ${Math.round(performance.now() - added)} ms after it came in`);
    assert.ok(took < AT_ONCE, `${took} ms`);
    await stranger.page.getByText('この端末はロックされています').waitFor();
  });

  await step('the old password opens nothing any more', async () => {
    const refused = await fetch(`${server.url}/api/v1/session`, {
      method: 'POST',
      headers: { origin: server.url, 'content-type': 'application/json' },
      body: JSON.stringify({ login: person.login, password: person.password }),
    });
    assert.equal(refused.status, 401);
    assert.equal((await refused.json()).code, 'signin.refused');
  });

  await step('the member chooses another password and goes on', async () => {
    await desk.page.getByRole('heading', { name: '新しいパスワードを決めます' }).waitFor();
    assert.deepEqual(await obstacles(desk.page, '新しいパスワード'), []);
    await hands.write(desk.page.getByRole('textbox', { name: 'いまのパスワード' }), 'ちがうことばをいれてみる');
    await hands.write(desk.page.getByRole('textbox', { name: '新しいパスワード' }), NEW);
    await desk.page.getByText('流出した一覧にはありません').waitFor();
    await hands.press(desk.page.getByRole('button', { name: 'パスワードを変える' }));
    await desk.page.getByText('いまのパスワードが違います').waitFor();
    await hands.write(desk.page.getByRole('textbox', { name: 'いまのパスワード' }), OWNER.password);
    await hands.press(desk.page.getByRole('button', { name: 'パスワードを変える' }));
    await door.inside(desk.page);
    await desk.page.waitForURL(/\/me\/security/);
    await desk.page.getByText('わたしではない、と知らせました').waitFor();
    await until(async () => (await banner.count()) === 0);
  });

  await step('those who manage members are told, and each sees for themselves', async () => {
    const told = chief.page.getByRole('listitem').filter({ hasText: '乙川 二葉さんが「わたしではない」と知らせました' });
    await told.getByText('端末「知らないPC」を締め出し').waitFor();
    assert.deepEqual(await obstacles(chief.page, '/admin/alarms'), []);
    await chief.page.getByRole('button', { name: 'すべて見た' }).click();
    await until(async () => (await owner.call('GET', '/alarms')).unseen === 0);
    await chief.page.getByText('に見ました').first().waitFor();
  });
});
