// Names and roles: lookalikes seen side by side (R9), outsiders badged (R10), who sets a name, duties that go not together
// (R59), a role given only by somebody who just proved to be there (R23), and who can do what about oneself.
import assert from 'node:assert/strict';

import { organisation } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import { Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';

const OTSU = { family_name: '乙川', given_name: '二葉', family_kana: 'おつかわ', given_kana: 'ふたば', staff_number: '0417' };
const HANA = { family_name: '工藤', given_name: '一', family_kana: 'くどう', given_kana: 'はじめ', staff_number: '1032' };

/** Who decides names from now on. */
async function names(owner, who) {
  const { files, push, mail } = await owner.call('GET', '/organisation/settings');
  await owner.call('PUT', '/organisation/settings', { files, push, mail: { on: mail.on }, names: who });
}

journey('a name is asked for, seen beside the one it resembles, refused with a reason and approved', async ({ server, browser, step, until }) => {
  const owner = await organisation(server);
  const shop = await owner.call('POST', '/departments', { name: '駅前店', parent: null });
  await owner.bring({ ...HANA, departments: [{ department: shop.id, position: '店長' }] });
  const otsu = await owner.bring(OTSU);
  const phone = await browser.window('乙川', server.url, { hold: 'phone' });
  const desk = await browser.window('甲野', server.url);
  await otsu.window(phone.context);
  await owner.window(desk.context);
  const thumb = new Pointer(phone.page);
  const hands = new Pointer(desk.page);
  const own = () => otsu.call('GET', '/me/profile');

  await step('names are the organisation’s until it says otherwise', async () => {
    await phone.page.goto('/me/profile');
    await phone.page.getByText('表示名は、組織が決めています。').waitFor();
    await phone.page.getByText('頼む相手：甲野 花子').waitFor();
    assert.equal(await phone.page.getByRole('button', { name: '別の名前を申請する' }).count(), 0);
    await desk.page.goto('/admin/settings');
    await desk.page.getByText('本人が申請し、管理者が認める').click();
    await until(async () => (await owner.call('GET', '/organisation/settings')).names === 'approve');
    assert.deepEqual(await obstacles(desk.page, 'the settings of the organisation'), []);
  });

  await step('a lookalike is refused, with both names side by side and the letter marked', async () => {
    await phone.page.reload();
    await thumb.press(phone.page.getByRole('button', { name: '別の名前を申請する' }));
    await thumb.write(phone.page.getByLabel('新しい表示名'), 'エ藤 一');
    await thumb.press(phone.page.getByRole('button', { name: '申請する', exact: true }));
    const alike = phone.page.getByRole('group', { name: '見分けのつかない名前です' });
    await alike.waitFor();
    assert.deepEqual(await alike.locator('mark').allInnerTexts(), ['エ', '工']);
    await alike.getByText('違うのは、「エ」（カタカナ）と「工」（漢字）だけです。').waitFor();
    await alike.getByText('駅前店・店長・社員番号 1032').waitFor();
    assert.deepEqual(await obstacles(phone.page, 'two names side by side'), []);
    assert.equal((await own()).request, null, 'nothing was asked for');
  });

  await step('another name waits for approval', async () => {
    await thumb.write(phone.page.getByLabel('新しい表示名'), '乙川（港店）');
    await thumb.press(phone.page.getByRole('button', { name: '申請する', exact: true }));
    await phone.page.getByText('「乙川（港店）」を申請しています').waitFor();
    assert.deepEqual(await obstacles(phone.page, 'a name that waits'), []);
  });

  await step('an administrator refuses it with a reason, and the member reads it at once', async () => {
    await desk.page.goto('/admin/members');
    await desk.page.getByRole('heading', { name: '名前の申請 1件' }).waitFor();
    assert.deepEqual(await obstacles(desk.page, 'the names that wait'), []);
    await hands.press(desk.page.getByRole('button', { name: '乙川（港店） 認めない' }));
    const dialog = desk.page.getByRole('dialog', { name: '「乙川（港店）」を認めませんか' });
    await hands.write(dialog.getByLabel('理由'), '所属は駅前店です。');
    await hands.press(dialog.getByRole('button', { name: '認めない' }));
    await phone.page.getByText('「乙川（港店）」は認められませんでした').waitFor();
    await phone.page.getByText('理由：所属は駅前店です。').waitFor();
  });

  await step('the next one is approved, and everybody sees it without a reload', async () => {
    await thumb.press(phone.page.getByRole('button', { name: '別の名前を申請する' }));
    await thumb.write(phone.page.getByLabel('新しい表示名'), '乙川（駅前店）');
    await thumb.press(phone.page.getByRole('button', { name: '申請する', exact: true }));
    await phone.page.getByText('「乙川（駅前店）」を申請しています').waitFor();
    // The administrator looks at the list, and it comes by itself, with its count beside the others.
    await desk.page.getByRole('heading', { name: '名前の申請 1件' }).waitFor();
    await desk.page.getByRole('link', { name: 'メンバー 申請1件' }).waitFor();
    await hands.press(desk.page.getByRole('button', { name: '乙川（駅前店） 認める' }));
    await desk.page.getByRole('link', { name: 'メンバー', exact: true }).waitFor();
    await phone.page.getByRole('heading', { name: '乙川（駅前店）' }).waitFor();
    await desk.page.getByRole('row', { name: /乙川（駅前店）/ }).first().waitFor();
    assert.equal((await own()).request, null);
  });

  await step('where members decide themselves, it changes at once', async () => {
    await names(owner, 'member');
    await phone.page.reload();
    await thumb.press(phone.page.getByRole('button', { name: '表示名を変える' }));
    await thumb.write(phone.page.getByLabel('新しい表示名'), '乙川 二葉');
    await thumb.press(phone.page.getByRole('button', { name: 'この名前にする' }));
    await phone.page.getByRole('heading', { name: '乙川 二葉' }).waitFor();
  });
});

journey('whoever adds people sees lookalikes, and nobody holds two duties', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  await owner.bring(HANA);
  const partner = { family_name: '卯木', given_name: '五郎', family_kana: 'うき', given_kana: 'ごろう' };
  await owner.bring({ ...partner, kind: 'partner', role: 'partner', company: '見本商事' });
  const auditor = await owner.call('POST', '/members', { ...OTSU, kind: 'employee', role: 'auditor' });
  const desk = await browser.window('甲野', server.url);
  await owner.window(desk.context);
  const hands = new Pointer(desk.page);
  const { page } = desk;
  const alike = page.getByRole('group', { name: '見分けのつかない名前です' });

  await step('adding a lookalike shows both', async () => {
    await page.goto('/admin/members');
    await page.getByText('社外', { exact: true }).first().waitFor();
    await hands.press(page.getByRole('button', { name: '加える', exact: true }));
    const dialog = page.getByRole('dialog', { name: 'メンバーを加える' });
    await hands.write(dialog.getByLabel('姓'), 'エ藤');
    await hands.write(dialog.getByLabel('名', { exact: true }), '一');
    await hands.write(dialog.getByLabel('せい'), 'くどう');
    await hands.write(dialog.getByLabel('めい'), 'はじめ');
    await hands.press(dialog.getByRole('button', { name: '加える', exact: true }));
    await alike.waitFor();
    assert.deepEqual(await alike.locator('mark').allInnerTexts(), ['エ', '工']);
    assert.deepEqual(await obstacles(page, 'a lookalike beside the form'), []);
    await hands.press(dialog.getByRole('button', { name: 'やめる' }));
  });

  await step('so does a file, for people on record and for other lines', async () => {
    await page.goto('/admin/import');
    const text = '姓,名,せい,めい\r\nエ藤,一,くどう,はじめ\r\n口田,二,くちだ,に\r\nロ田,二,ろた,に\r\n';
    await page.locator('input[type=file]').setInputFiles({ name: '新人.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await alike.first().waitFor();
    assert.equal(await alike.count(), 2);
    await page.getByText('同じファイルの3行目').waitFor();
    assert.deepEqual(await obstacles(page, 'lookalikes in a file'), []);
  });

  await step('an auditor cannot be made an administrator before the first duty is taken away', async () => {
    await page.goto(`/admin/members?member=${auditor.id}`);
    await hands.press(page.getByRole('button', { name: '直す', exact: true }));
    const role = page.getByLabel('役割', { exact: true });
    const closed = await role.locator('option:disabled').allInnerTexts();
    assert.deepEqual(closed, ['人事窓口', '管理者', '所有者']);
    await page.getByText('監査・人事窓口は兼ねられません').waitFor();
    const refused = await owner.try('PATCH', `/members/${auditor.id}`, { role: 'admin' });
    assert.deepEqual([refused.status, refused.body.code], [409, 'role.conflict']);
  });
});

journey('a member sees who can do what about them, and a manager gives a code where they may', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const shop = await owner.call('POST', '/departments', { name: '駅前店', parent: null });
  const at = [{ department: shop.id, position: null }];
  const otsu = await owner.bring({ ...OTSU, departments: at });
  const manager = await owner.bring({ ...HANA, role: 'manager', departments: at });
  const phone = await browser.window('乙川', server.url, { hold: 'phone', theme: 'dark' });
  const desk = await browser.window('工藤', server.url);
  await otsu.window(phone.context);
  await manager.window(desk.context);

  await step('the powers stand where the organisation’s view is told', async () => {
    await phone.page.goto('/me/visible');
    const powers = phone.page.getByRole('region', { name: 'だれが何をできるか' });
    await powers.getByText('工藤 一、甲野 花子').waitFor();
    await powers.getByText('その部屋の責任者と、その部屋にいる管理者').waitFor();
    assert.deepEqual(await obstacles(phone.page, 'who can do what'), []);
  });

  await step('the manager of the department makes a code on the person’s card; others see no button', async () => {
    const hands = new Pointer(desk.page);
    await desk.page.goto(`/people/${otsu.id}`);
    await hands.press(desk.page.getByRole('button', { name: '端末の認証コードを出す' }));
    await hands.press(desk.page.getByRole('button', { name: 'コードを出す', exact: true }));
    await desk.page.locator('.code8').waitFor();
    assert.deepEqual(await obstacles(desk.page, 'a code shown by a manager'), []);
    await phone.page.goto(`/people/${manager.id}`);
    await phone.page.getByRole('button', { name: 'メッセージを送る' }).waitFor();
    assert.equal(await phone.page.getByRole('button', { name: '端末の認証コードを出す' }).count(), 0);
  });
});
