// axe finds nothing serious on any screen, in either theme, at a desk and on a phone.
import assert from 'node:assert/strict';

import { newId, OWNER, organisation, setupCode } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import { Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';
import { name } from '../pages/door.mjs';

const WAYS = /** @type {const} */ ([
  { theme: 'light', hold: 'desktop' },
  { theme: 'dark', hold: 'desktop' },
  { theme: 'light', hold: 'phone' },
  { theme: 'dark', hold: 'phone' },
]);
const spoken = (/** @type {{theme: string, hold: string}} */ way) => `${way.theme}, ${way.hold}`;

journey('every step of the set-up is accessible', async ({ server, browser, step }) => {
  for (const way of WAYS) {
    await step(`the steps before the organisation exists: ${spoken(way)}`, async () => {
      const { page } = await browser.window(`setup-${spoken(way)}`, server.url, way);
      const hands = new Pointer(page);
      await page.goto('/');
      await page.getByLabel('組織名').waitFor();
      const found = await obstacles(page, 'set-up: organisation');
      await hands.write(page.getByLabel('組織名'), '見本商店');
      const asked = page.getByLabel('サーバーの画面に出た番号');
      if (await asked.count()) await hands.write(asked, setupCode(server));
      await hands.press(page.getByRole('button', { name: '次へ　あなたのこと' }));
      await page.getByRole('heading', { name: 'あなたのこと' }).waitFor();
      await name(hands, OWNER);
      found.push(...(await obstacles(page, 'set-up: owner')));
      assert.equal(found.join('\n'), '');
    });
  }
});

journey('every screen of the client is accessible', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const sales = await owner.call('POST', '/departments', { name: '営業課', parent: null });
  const otsu = await owner.bring({
    family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう',
    staff_number: '0207', departments: [{ department: sales.id, position: '主任' }],
  });
  const partner = await owner.bring({
    family_name: '卯木', given_name: '四朗', family_kana: 'うき', given_kana: 'しろう',
    kind: 'partner', role: 'partner', company: '見本商事',
  });
  const waiting = await owner.call('POST', '/members', {
    family_name: '辰巳', given_name: '五月', family_kana: 'たつみ', given_kana: 'さつき', kind: 'part_time',
  });
  const [invitation] = await owner.call('POST', '/invitations', { members: [waiting.id] });
  const inner = await owner.room('駅前店 連絡', [otsu]);
  const outer = await owner.room('見本商事様 納品', [otsu, partner]);
  for (const room of [inner, outer]) {
    await otsu.post(room, '**急ぎ**：白菜が`3箱`欠品です\n- 代わりはキャベツ\n> 昨日の件');
    const posted = await owner.post(room, `@{${otsu.id}} 了解です`);
    await otsu.call('PUT', `/rooms/${room}/messages/${posted.id}/reactions/${encodeURIComponent('確認')}`);
    await otsu.call('PUT', `/rooms/${room}/messages/${posted.id}/pin`);
  }
  await partner.post(outer, '6:15着で手配します');
  await owner.call('PUT', `/direct/${otsu.id}`, { room: newId() });

  /** Screens for someone signed in: address, and what stands there once it is drawn. */
  const screens = /** @type {[string, string, (page: import('playwright-core').Page) => import('playwright-core').Locator][]} */ ([
    ['room list', '/rooms', (page) => page.getByRole('link', { name: /駅前店/ })],
    ['inside room', `/rooms/${inner}`, (page) => new RoomPage(page).message('了解です')],
    ['partner room', `/rooms/${outer}`, (page) => new RoomPage(page).message('6:15着')],
    ['no such room', `/rooms/${waiting.id}`, (page) => page.getByText('この部屋は、もうないか')],
    ['directory', '/people', (page) => page.getByText('乙川')],
    ['profile card', `/people/${otsu.id}`, (page) => page.getByRole('button', { name: 'メッセージを送る' })],
    ['me', '/me', (page) => page.getByRole('link', { name: 'プロフィール' })],
    ['my profile', '/me/profile', (page) => page.getByText('こうの')],
    ['my display', '/me/display', (page) => page.getByText('明るさ')],
    ['my sign-in', '/me/security', (page) => page.getByText('最初の確認')],
    ['my devices', '/me/devices', (page) => page.getByText('この端末', { exact: true })],
    ['a code for a device', '/me/devices/add', (page) => page.getByRole('img', { name: '登録用のQRコード' })],
    ['the register', '/admin/devices', (page) => page.getByText('Node.js')],
    ['what holds for devices', '/admin/device-policy', (page) => page.getByRole('heading').first()],
    ['rules of devices', '/admin/policies', (page) => page.getByText('決まりは、まだありません')],
    ['the rules of my device', '/me/policy', (page) => page.getByText('できること')],
    ['my password', '/me/password', (page) => page.getByLabel('いまのパスワード')],
    ['my sessions', '/me/sessions', (page) => page.getByText('いま使っている端末')],
    ['what the organisation sees', '/me/visible', (page) => page.getByText('見えないもの')],
    ['members', '/admin/members', (page) => page.getByRole('table').getByText('乙川')],
    ['a member', `/admin/members?member=${waiting.id}`, (page) => page.getByRole('button', { name: /^招待をつく/ })],
    ['departments', '/admin/departments', (page) => page.getByText('営業課')],
    ['CSV import', '/admin/import', (page) => page.getByRole('heading', { name: 'CSVで加える' })],
    ['invitation sheets', '/admin/invitations', (page) => page.getByText('出せる招待の紙はありません')],
    ['nothing there', '/no/such/page', (page) => page.getByRole('heading', { name: '開けるものがありません' })],
  ]);
  /** Screens for someone who is not. */
  const doors = /** @type {typeof screens} */ ([
    ['sign-in', '/sign-in', (page) => page.getByLabel('社員番号・ログインID')],
    ['recovery', '/recover', (page) => page.getByLabel('回復コード')],
    ['invitation', invitation.url, (page) => page.getByRole('heading', { name: 'ようこそ' })],
    ['invitation that is none', '/join#none', (page) => page.getByText('この招待は使えません')],
  ]);

  for (const way of WAYS) {
    await step(`in front of the door: ${spoken(way)}`, async () => {
      const window = await browser.window(`door-${spoken(way)}`, server.url, way);
      const found = [];
      for (const [screen, address, ready] of doors) {
        await window.page.goto(address);
        await ready(window.page).filter({ visible: true }).first().waitFor();
        found.push(...(await obstacles(window.page, screen)));
      }
      assert.equal(found.join('\n'), '');
      await window.close();
    });
    await step(`inside: ${spoken(way)}`, async () => {
      const window = await browser.window(`inside-${spoken(way)}`, server.url, way);
      await owner.window(window.context);
      const found = [];
      for (const [screen, address, ready] of screens) {
        await window.page.goto(address);
        await ready(window.page).filter({ visible: true }).first().waitFor();
        found.push(...(await obstacles(window.page, screen)));
      }
      assert.equal(found.join('\n'), '');
      await window.close();
    });
  }
});
