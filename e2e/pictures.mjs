/**
 * Takes the pictures of docs/images from the real client: `npm run pictures`, after `make release`.
 *
 * It stays true that everything in them was said through the public API, so they show what there is.
 */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { newId, OWNER, Person } from './harness/api.mjs';
import { Browser } from './harness/browser.mjs';
import { RoomPage } from './harness/room.mjs';
import { Server } from './harness/server.mjs';

const IMAGES = fileURLToPath(new URL('../docs/images', import.meta.url));

const server = await Server.fresh();
const browser = await Browser.launch();
try {
  const owner = new Person(server.url);
  const made = await owner.call('POST', '/setup', { organisation: 'みほんマート 駅前店', ...OWNER });
  owner.me = await owner.enter(made, OWNER.login);
  const shop = await owner.call('POST', '/departments', { name: '駅前店', parent: null });
  const person = (family_name, given_name, family_kana, given_kana, position, more = {}) =>
    owner.bring({
      family_name, given_name, family_kana, given_kana,
      departments: [{ department: shop.id, position }], ...more,
    });
  const otsu = await person('乙川', '次郎', 'おつかわ', 'じろう', '副店長');
  const hei = await person('丙山', '三奈', 'へいやま', 'みな', '早番A', { kind: 'part_time' });
  const tei = await person('丁田', '四季', 'ちょうだ', 'しき', '遅番A', { kind: 'part_time' });
  const partner = await owner.bring({
    family_name: '卯木', given_name: '五郎', family_kana: 'うき', given_kana: 'ごろう',
    kind: 'partner', role: 'partner', company: '見本商事',
  });
  const about = { description: '開店・閉店の報告、当日の連絡。急ぎは電話で。' };
  const room = await owner.room('駅前店 連絡', [otsu, hei, tei], about);
  const outer = await owner.room('見本商事様 納品', [otsu, partner]);
  await owner.call('PUT', `/rooms/${room}/managers/${otsu.id}`);
  await owner.post(await owner.room('レジ・金銭', [otsu, tei]), '釣銭の両替は水曜に行きます');
  await tei.post(await owner.room('シフト相談', [otsu, hei, tei]), '26日、交代できる方いますか');
  await partner.post(outer, '6:15着で手配いたします');

  const say = (who, text, more = {}) => who.call('PUT', `/rooms/${room}/messages/${newId()}`, { text, ...more });
  const react = (who, message, reaction) =>
    who.call('PUT', `/rooms/${room}/messages/${message.id}/reactions/${encodeURIComponent(reaction)}`);
  await say(tei, '閉店しました。レジの差異はありません。\n冷蔵ケース2番の温度が**8℃**で高めです。', { label: 'report' });
  const question = await say(owner, `@{${otsu.id}} ケース2番、開店前に見てもらえますか`, { label: 'request' });
  const answer = await say(otsu, '見ました。扉のパッキンがずれていたので直し、5℃に戻っています。', { reply_to: question.id });
  await otsu.call('PUT', `/rooms/${room}/messages/${question.id}/answered`);
  await react(owner, answer, '確認');
  await react(tei, answer, '確認');
  await react(hei, answer, 'ありがとう');
  await say(hei, '白菜が3箱欠品です。代わりはどうしますか。\n- キャベツ20箱\n- レタス15箱', { label: 'consult' });
  const notice = await say(owner, '歳末のシフトを確定しました。変更の希望は水曜の正午までに。', { label: 'notice' });
  for (const who of [hei, tei]) await react(who, notice, '確認');
  await owner.call('PUT', `/rooms/${room}/messages/${notice.id}/pin`);
  for (const who of [owner, hei, tei]) await who.call('PUT', `/rooms/${room}/read`, { upto: notice.seq });

  await mkdir(IMAGES, { recursive: true });
  for (const [name, hold, theme] of /** @type {const} */ ([
    ['room', 'desktop', 'light'],
    ['room-dark', 'desktop', 'dark'],
    ['room-phone', 'phone', 'light'],
  ])) {
    const { context, page } = await browser.window(name, server.url, { hold, theme });
    await otsu.window(context);
    await new RoomPage(page).open(room);
    await new RoomPage(page).message('歳末のシフト').waitFor();
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: `${IMAGES}/${name}.png` });
    await context.close();
  }
} finally {
  await browser.close();
  await server.remove();
}
