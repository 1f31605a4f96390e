// The main job, as people do it, walked twice: by pointer, and by keyboard alone.
import assert from 'node:assert/strict';

import { OWNER, setupCode } from '../harness/api.mjs';
import { Keyboard, Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { convert } from '../harness/kana.mjs';
import { RoomPage } from '../harness/room.mjs';
import { bringIn, inside, join, setUp, showCode, signIn } from '../pages/door.mjs';
import { addMember } from '../pages/people.mjs';
import { act, createRoom, label, openRoom, react, readers } from '../pages/talk.mjs';

const ORGANISATION = 'みほんマート';
const PEOPLE = {
  乙川: {
    family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう',
    staff_number: '0207', password: '夜明けの棚卸しは静かに始まります',
  },
  丙山: {
    family_name: '丙山', given_name: '三奈', family_kana: 'へいやま', given_kana: 'みな',
    login: 'heiyama', password: '三番レジの釣銭は二百七十円でした',
  },
};
const ROOM = '駅前店 連絡';

/** A right-to-left word amid Japanese, emoji of several code points, and characters beyond the basic plane. */
const ODD = '納品元は مرحبا 商会です。👩‍👩‍👧‍👦 🇯🇵 ✅ 𠮷野家の隣（𩸽あり）';
/** What someone pastes from a report: many lines, light Markdown, a link. */
const PASTE = [
  '## 12月の棚卸し',
  '**急ぎ**のものから順に：',
  ...Array.from({ length: 60 }, (_, i) => `- ${i + 1}番棚　白菜${(i * 7) % 13}箱・欠品${i % 3}件`),
  '> 前回の記録は https://example.jp/stock?year=2026&month=11 を見てください。',
  '`SKU-0042` は*数え直し*です。',
].join('\n');
/** Exactly so many code points, most of them two UTF-16 units long. */
const points = (/** @type {number} */ n, /** @type {string} */ head) => head + '𠮷'.repeat(n - [...head].length);

for (const Hands of [Pointer, Keyboard]) {
  const how = Hands === Pointer ? 'by pointer' : 'by keyboard alone';

  journey(`an owner sets up, invites two, and three talk, ${how}`, async ({ server, browser, step }) => {
    const desk = await browser.window('甲野', server.url);
    const owner = new Hands(desk.page);
    /** @type {Record<string, string>} */
    const links = {};

    await step('the set-up page asks, shows ten recovery codes, wants a second factor, and lands in the client', async () => {
      await desk.page.goto('/');
      const { codes } = await setUp(owner, { organisation: ORGANISATION, ...OWNER }, () => setupCode(server));
      assert.equal(new Set(codes).size, 10);
      await owner.press(desk.page.getByRole('link', { name: 'トークを開く' }));
      await inside(desk.page);
    });

    await step('the owner adds two people, and each gets an invitation', async () => {
      for (const [name, person] of Object.entries(PEOPLE)) links[name] = await addMember(owner, person);
      assert.notEqual(links.乙川, links.丙山);
    });

    const otsuWindow = await browser.window('乙川', server.url);
    const heiWindow = await browser.window('丙山', server.url, { hold: Hands === Pointer ? 'phone' : 'desktop' });
    const otsu = new Hands(otsuWindow.page);
    const hei = new Hands(heiWindow.page);
    await step('each opens the link, chooses a password, and is in', async () => {
      await join(otsu, links.乙川, PEOPLE.乙川);
      await join(hei, links.丙山, PEOPLE.丙山);
      await heiWindow.page.goto(links.乙川);
      await heiWindow.page.getByText('この招待は使えません').waitFor();
      await heiWindow.page.goto('/rooms');
    });

    await step('the owner makes a room for the three', async () => {
      await owner.press(desk.page.getByRole('navigation', { name: 'おもな画面' }).getByRole('link', { name: /トーク/ }));
      await createRoom(owner, ROOM, [
        { kana: 'おつ', shown: '乙川' },
        { kana: 'へいやま', shown: '丙山' },
      ]);
      await openRoom(otsu, ROOM);
      await openRoom(hei, ROOM);
    });
    const rooms = { 甲野: new RoomPage(desk.page), 乙川: new RoomPage(otsuWindow.page), 丙山: new RoomPage(heiWindow.page) };
    const all = Object.values(rooms);

    await step('the composer says who reads this', async () => {
      await desk.page.getByText('社内の3名が読みます').waitFor();
    });

    await step('Enter during kana conversion sends nothing; Enter after it sends', async () => {
      await reach(owner, rooms.甲野.field);
      await convert(desk.page, 'おつかれさまです', 'お疲れさまです');
      assert.equal(await rooms.甲野.field.inputValue(), 'お疲れさまです');
      assert.equal(await rooms.甲野.message('お疲れさま').count(), 0, 'nothing was sent');
      await convert(desk.page, '。かいてんじゅんびがおわりました', '。開店準備が終わりました');
      await desk.page.keyboard.press('Enter');
      for (const room of all) await room.hears('お疲れさまです。開店準備が終わりました');
      assert.equal(await rooms.甲野.field.inputValue(), '');
    });

    await step('on a phone the button sends', async () => {
      await reach(hei, rooms.丙山.field);
      await convert(heiWindow.page, 'りょうかいです', '了解です');
      await hei.press(rooms.丙山.button);
      for (const room of all) await room.hears('了解です');
    });

    await step('a long paste stands as it was written, everywhere', async () => {
      await otsuWindow.page.evaluate((text) => navigator.clipboard.writeText(text), PASTE);
      await reach(otsu, rooms.乙川.field);
      await otsuWindow.page.keyboard.press('Control+V');
      assert.equal(await rooms.乙川.field.inputValue(), PASTE);
      await otsuWindow.page.keyboard.press('Enter');
      for (const room of all) {
        await room.hears('12月の棚卸し');
        const message = room.message('12月の棚卸し');
        assert.equal(await message.getByRole('listitem').count(), 60);
        assert.equal(await message.getByRole('strong').getByText('急ぎ').count(), 1);
        const link = message.getByRole('link', { name: /example\.jp/ });
        assert.equal(await link.getAttribute('href'), 'https://example.jp/stock?year=2026&month=11');
      }
    });

    await step('emoji, a right-to-left word and rare characters arrive unchanged', async () => {
      await write(otsu, rooms.乙川, ODD);
      for (const room of all) {
        await room.hears('納品元は');
        assert.ok((await room.message('納品元は').textContent())?.includes(ODD));
      }
    });

    await step('7,999 code points are sent, 8,001 are refused with words and kept', async () => {
      await write(otsu, rooms.乙川, points(7_999, '長い報告：'));
      for (const room of all) await room.hears('長い報告：', 15_000);
      const arrived = await rooms.丙山.message('長い報告：').textContent();
      assert.equal([...(arrived ?? '')].filter((c) => c === '𠮷').length, 7_999 - 5);
      await otsu.write(rooms.乙川.field, points(8_001, '長すぎる報告：'));
      await otsuWindow.page.keyboard.press('Enter');
      await otsuWindow.page.getByText('8,000字までです').waitFor();
      assert.equal([...(await rooms.乙川.field.inputValue())].length, 8_001, 'what was typed is kept');
      assert.equal(await rooms.甲野.message('長すぎる報告').count(), 0);
      await otsu.write(rooms.乙川.field, '');
    });

    await step('everyone stands at the same words in the same order', async () => {
      const orders = await Promise.all(all.map((room) => room.standing(/お疲れさまです。|了解です|12月の棚卸し|納品元は|長い報告：/)));
      for (const order of orders) {
        assert.deepEqual(order, ['お疲れさまです。', '了解です', '12月の棚卸し', '納品元は', '長い報告：']);
      }
    });

    await step('a consult is open until someone closes it', async () => {
      await label(otsu, '相談');
      await write(otsu, rooms.乙川, '白菜の代わりをどうしますか');
      await rooms.甲野.message('白菜の代わり').getByText('未回答').waitFor();
      await act(owner, rooms.甲野.message('白菜の代わり'), '相談を閉じる');
      for (const room of all) await room.message('白菜の代わり').getByText('さんが閉じました').waitFor();
    });

    await step('a mention completes by kana, a reply quotes, a seal confirms', async () => {
      await reach(owner, rooms.甲野.field);
      await desk.page.keyboard.insertText('@おつ');
      await desk.page.getByRole('option', { name: /乙川/ }).waitFor();
      await desk.page.keyboard.press('Enter');
      await desk.page.keyboard.insertText('キャベツを20箱お願いします');
      await desk.page.keyboard.press('Enter');
      for (const room of all) await room.hears('キャベツを20箱');
      assert.match((await rooms.乙川.message('キャベツを20箱').textContent()) ?? '', /@乙川/);

      await act(otsu, rooms.乙川.message('キャベツを20箱'), '返信');
      await write(otsu, rooms.乙川, '手配しました');
      await rooms.甲野.message('手配しました').getByText('キャベツを20箱', { exact: false }).first().waitFor();

      await react(owner, rooms.甲野.message('手配しました').last(), '確認');
      await rooms.乙川.message('手配しました').last().getByRole('button', { name: /確認 1/ }).waitFor();
    });

    await step('an edit shows as edited, a deletion leaves a mark', async () => {
      await act(otsu, rooms.乙川.message('納品元は'), '編集');
      await otsu.write(rooms.乙川.field, '納品元は見本商会です');
      await otsuWindow.page.keyboard.press('Enter');
      for (const room of all) await room.message('納品元は見本商会です').getByText('編集済み').waitFor();

      await act(otsu, rooms.乙川.message('長い報告：'), '削除');
      await otsu.press(otsuWindow.page.getByRole('button', { name: '全員から消す' }));
      for (const room of all) {
        await room.message('この発言は削除されました').waitFor();
        assert.equal(await room.message('長い報告：').count(), 0);
      }
    });

    await step('who has read is counted and named', async () => {
      await write(owner, rooms.甲野, '閉店は21時です');
      for (const room of [rooms.乙川, rooms.丙山]) await room.hears('閉店は21時です');
      await readers(owner, rooms.甲野.message('閉店は21時です'), ['乙川', '丙山'], []);
    });

    await step('after another start a new browser signs in by staff number, with a code from the old one, and everything is there', async () => {
      await server.stop();
      await server.start();
      const later = await browser.window('乙川-朝', server.url);
      const hands = new Hands(later.page);
      await later.page.goto('/');
      await signIn(hands, '0207', 'ちがう合言葉です。長いけれど');
      await later.page.getByText('パスワードが違います').waitFor();
      await signIn(hands, '0207', PEOPLE.乙川.password);
      await bringIn(hands, await showCode(otsu));
      await otsuWindow.page.goto('/rooms');
      await openRoom(otsu, ROOM);
      await openRoom(hands, ROOM);
      await new RoomPage(later.page).hears('閉店は21時です');
      for (const room of all) {
        await write(later === otsuWindow ? otsu : hands, new RoomPage(later.page), `再開${all.indexOf(room)}`);
        await room.hears(`再開${all.indexOf(room)}`);
      }
    });

    await step('nothing that was said or secret stands in the log', async () => {
      const secrets = [
        OWNER.password, ...Object.values(PEOPLE).map((p) => p.password),
        ...Object.values(links).map((url) => new URL(url).hash.slice(1)),
        'お疲れさまです', 'キャベツを20箱', '白菜の代わり',
      ];
      for (const secret of secrets) assert.ok(!server.log.includes(secret), `the log holds 「${secret}」`);
    });

    await step('the journal verifies, and the tables follow from it', async () => {
      await server.stop();
      for (const args of [['verify'], ['rebuild', '--check']]) {
        const { code, out } = await server.command(...args);
        assert.equal(code, 0, `kairan ${args.join(' ')}:\n${out}`);
      }
    });
  });
}

/** Puts the focus into a field without changing it. */
async function reach(/** @type {Pointer | Keyboard} */ hands, /** @type {import('playwright-core').Locator} */ field) {
  if (hands instanceof Keyboard) await hands.reach(field);
  else await field.click();
}

/** Writes a message and sends it the way this client does: Enter at a desk, the button on a phone. */
async function write(/** @type {Pointer | Keyboard} */ hands, /** @type {RoomPage} */ room, /** @type {string} */ text) {
  await hands.write(room.field, text);
  if (hands instanceof Keyboard) await hands.page.keyboard.press('Enter');
  else await hands.press(room.button);
}
