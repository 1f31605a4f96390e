// R26 R35: what was said is found again, by two characters, and only by those who may see it.
import assert from "node:assert/strict";

import { newId, organisation } from "../harness/api.mjs";
import { obstacles } from '../harness/axe.mjs';
import { journey } from "../harness/journey.mjs";

journey(
  "a word of two characters finds its message, and one touch opens it there",
  async ({ server, browser, step, until }) => {
    const owner = await organisation(server);
    const otsukawa = await owner.bring({
      family_name: "乙川",
      given_name: "次郎",
      family_kana: "おつかわ",
      given_kana: "じろう",
    });
    const shop = await owner.room("駅前店", [otsukawa]);
    const office = await owner.room("本部だけ", []);
    for (let i = 0; i < 60; i += 1) await otsukawa.post(shop, `朝の確認 ${i}`);
    const delivery = newId();
    await otsukawa.post(
      shop,
      "あしたの納品は8時です。ﾃﾞﾝﾜは不要です。",
      delivery,
    );
    for (let i = 0; i < 60; i += 1) await owner.post(shop, `昼の確認 ${i}`);
    await owner.post(office, "納品の値段は本部だけの話です。");
    await owner.call("PUT", `/rooms/${shop}/messages/${newId()}`, {
      text: "棚卸しをどうしますか",
      label: "consult",
    });

    const desk = await browser.window("乙川", server.url);
    await otsukawa.window(desk.context);
    const { page } = desk;
    const field = page.getByRole("combobox", {
      name: "発言・ファイル・人・部屋をさがす",
    });
    const hits = page.getByRole("main").getByRole("article");

    await step(
      "two characters are enough, and what one may not see is not there",
      async () => {
        await page.goto("/search");
        await field.fill("納品");
        await hits.first().waitFor();
        assert.equal(await hits.count(), 1);
        assert.equal(
          await hits.first().locator("mark").first().innerText(),
          "納品",
        );
        assert.deepEqual(await obstacles(page, "search with hits"), []);
      },
    );

    await step("width, kana and case make no difference", async () => {
      for (const same of ["デンワ", "でんわ", "ﾃﾞﾝﾜ"]) {
        await field.fill(same);
        await field.press("Enter");
        await hits.locator("mark").getByText("ﾃﾞﾝﾜ").waitFor();
      }
    });

    await step("filters are completed from names and kana", async () => {
      await field.fill("");
      await page.getByRole("button", { name: "だれが" }).click();
      await page.keyboard.type("こうの");
      await page.getByRole("option", { name: /甲野 花子/ }).waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      assert.match(await field.inputValue(), /^from:"甲野 花子" $/);
      await page.keyboard.type("label:相談");
      await page.keyboard.press("Enter");
      await hits.getByText("棚卸しをどうしますか").waitFor();
      await until(async () => (await hits.count()) === 1);
    });

    await step("one touch opens the message where it stands", async () => {
      await field.fill("納品");
      await hits.filter({ hasText: '納品は8時' }).getByRole('link').click();
      await page.waitForURL(`**/rooms/${shop}/messages/${delivery}`);
      const there = page.locator(`article[data-id="${delivery}"]`);
      await there.waitFor();
      assert.ok(
        await there.evaluate((one) => {
          const { top, bottom } = one.getBoundingClientRect();
          return top >= 0 && bottom <= innerHeight;
        }),
        "it is in view",
      );
    });

    await step(
      "what is deleted, and a room that is left, are not found any more",
      async () => {
        await otsukawa.call("DELETE", `/rooms/${shop}/messages/${delivery}`);
        await page.goto("/search?q=納品");
        await page.getByText("「納品」は見つかりませんでした").waitFor();
        await page.goto("/search?q=確認");
        await hits.first().waitFor();
        await owner.call("DELETE", `/rooms/${shop}/members/${otsukawa.id}`);
        await page.goto("/search?q=確認");
        await page.getByText("「確認」は見つかりませんでした").waitFor();
        assert.deepEqual(await obstacles(page, "search without hits"), []);
      },
    );
  },
);

journey(
  "on a phone, in the dark, by what is said of people and rooms",
  async ({ server, browser }) => {
    const owner = await organisation(server);
    await owner.bring({
      family_name: "乙川",
      given_name: "次郎",
      family_kana: "おつかわ",
      given_kana: "じろう",
    });
    await owner.room("配達の部屋", []);
    const phone = await browser.window("甲野", server.url, {
      hold: "phone",
      theme: "dark",
    });
    await owner.window(phone.context);
    const { page } = phone;
    await page.goto("/rooms");
    await page.getByRole("link", { name: "さがす" }).click();
    const field = page.getByRole("combobox", {
      name: "発言・ファイル・人・部屋をさがす",
    });
    await field.fill("はいたつ");
    await page.getByText("見つかりませんでした").waitFor();
    await field.fill("配達");
    await page.getByRole("link", { name: "配達の部屋" }).waitFor();
    await field.fill("オツカワ");
    await page.getByRole("button", { name: /乙川 次郎/ }).waitFor();
    assert.deepEqual(await obstacles(page, "search on a phone"), []);
  },
);
