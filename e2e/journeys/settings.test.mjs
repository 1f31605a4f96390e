// R15 R48 R76: what holds for the whole organisation is decided on one page, and what is one's own on another.
import assert from 'node:assert/strict';

import { organisation } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import { journey } from '../harness/journey.mjs';

journey('the owner decides what may leave the house and how much may be stored', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const otsu = await owner.bring({ family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう' });
  const desk = await browser.window('甲野', server.url);
  await owner.window(desk.context);
  const { page } = desk;

  await step('nothing leaves until it is switched on, and then it names nothing', async () => {
    await page.goto('/admin/settings');
    const push = page.getByRole('switch', { name: '通知を外の配達網で送る' });
    await push.waitFor();
    assert.equal(await push.isChecked(), false);
    await page.getByText('通知を外の配達網で送る').click();
    await page.getByRole('radiogroup', { name: '通知に書くこと' }).waitFor();
    const { push: kept } = await owner.call('GET', '/organisation/settings');
    assert.deepEqual(kept, { on: true, shows: 'nothing' });
    assert.deepEqual(await obstacles(page, 'the settings of the organisation'), []);
  });

  await step('limits are kept; what is no number is said beside its field', async () => {
    await page.getByLabel('1人が使える量').fill('たくさん');
    await page.getByText('0より大きい数を入れてください。').waitFor();
    await page.getByLabel('1人が使える量').fill('２');
    await page.getByLabel('組織全体で使える量').fill('10');
    await page.getByRole('button', { name: 'この上限にする' }).click();
    const kept = async () => (await owner.call('GET', '/organisation/settings')).files;
    for (let i = 0; i < 100 && !(await kept()).total; i += 1) await page.waitForTimeout(50);
    const { per_member, total } = await kept();
    assert.deepEqual([per_member, total], [2 * 2 ** 30, 10 * 2 ** 30]);
  });

  await step('a member sees what holds for them, and may be left in peace', async () => {
    const phone = await browser.window('乙川', server.url, { hold: 'phone', theme: 'dark' });
    await otsu.window(phone.context);
    await phone.page.goto('/me/notifications');
    await phone.page.getByLabel('どの端末にも通知しない').selectOption('hour');
    await phone.page.getByText('いまは送れません').waitFor();
    const until = async () => (await otsu.call('GET', '/me/notifications')).quiet_until;
    for (let i = 0; i < 40 && !(await until()); i += 1) await phone.page.waitForTimeout(50);
    assert.ok((await until()) > Date.now());
    assert.deepEqual(await obstacles(phone.page, 'my notifications'), []);
    await phone.page.goto('/admin/settings');
    await phone.page.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(await phone.page.getByRole('switch').count(), 0, 'only who may manage the organisation sees them');
  });
});
