// R25 R58: what one keeps for later: unanswered, bookmarks, reminders, and what is sent at its time.
import assert from "node:assert/strict";

import { newId, organisation } from "../harness/api.mjs";
import { obstacles } from '../harness/axe.mjs';
import { Pointer } from "../harness/hands.mjs";
import { journey } from "../harness/journey.mjs";
import { RoomPage } from "../harness/room.mjs";
import { act } from "../pages/talk.mjs";

journey(
  "what is kept for later waits where it was put, on every device",
  async ({ server, browser, step }) => {
    const owner = await organisation(server);
    const otsukawa = await owner.bring({
      family_name: "乙川",
      given_name: "次郎",
      family_kana: "おつかわ",
      given_kana: "じろう",
    });
    const shop = await owner.room("駅前店", [otsukawa]);
    await owner.post(shop, `@{${otsukawa.id}} 鍵の場所を教えてください`);
    await owner.post(shop, "防災訓練は9日です");

    const desk = await browser.window("乙川-机", server.url);
    const phone = await browser.window("乙川-電話", server.url, {
      hold: "phone",
    });
    for (const { context } of [desk, phone])
      await otsukawa.window(context);
    const room = new RoomPage(desk.page);
    const hands = new Pointer(desk.page);

    await step(
      "what means me and has no answer stands under 未返信 until I answer",
      async () => {
        await phone.page.goto("/later");
        await phone.page.getByRole("link", { name: /未返信/ }).click();
        await phone.page.getByText("鍵の場所を教えてください").waitFor();
        assert.deepEqual(await obstacles(phone.page, "unanswered on a phone"), []);
        await room.open(shop);
        await room.say("金庫の横です");
        await phone.page.reload();
        await phone.page
          .getByText("答えを待っている発言はありません")
          .waitFor();
      },
    );

    await step("a bookmark made here is there too", async () => {
      await act(hands, room.message("防災訓練"), "ブックマークする");
      await phone.page.goto("/later/bookmarks");
      await phone.page.getByText("防災訓練は9日です").waitFor();
      assert.deepEqual(await obstacles(phone.page, "bookmarks on a phone"), []);
      await phone.page
        .getByRole("button", { name: "ブックマークから外す" })
        .click();
      await phone.page.getByText("ブックマークはまだありません").waitFor();
    });

    await step("a reminder is set for a moment that people mean", async () => {
      await act(hands, room.message("防災訓練"), "あとで知らせる");
      const dialog = desk.page.getByRole("dialog", {
        name: "いつ知らせますか",
      });
      await dialog.getByRole("button", { name: /明日の朝/ }).click();
      assert.deepEqual(await obstacles(desk.page, "choosing a moment"), []);
      await dialog.getByRole("button", { name: /に知らせる$/ }).click();
      await dialog.waitFor({ state: "hidden" });
      await phone.page.goto("/later/reminders");
      await phone.page.getByText("防災訓練は9日です").waitFor();
      await phone.page.getByRole("button", { name: "やめる" }).click();
      await phone.page.getByText("リマインダーはありません").waitFor();
    });

    await step(
      "a message is written now and sent at its time; until then only its writer sees it",
      async () => {
        await room.field.fill("おはようございます。開店の準備をお願いします。");
        await desk.page
          .getByRole("button", { name: "時刻を決めて送る" })
          .click();
        const dialog = desk.page.getByRole("dialog", {
          name: "いつ送りますか",
        });
        await dialog.getByRole("button", { name: /明日の朝/ }).click();
        await dialog.getByRole("button", { name: /に送る$/ }).click();
        await dialog.waitFor({ state: "hidden" });
        assert.equal(
          await room.field.inputValue(),
          "",
          "the field is free again",
        );
        assert.equal(
          (await owner.messages(shop)).filter((one) =>
            one.text?.includes("開店の準備"),
          ).length,
          0,
        );
        await phone.page.goto("/later/scheduled");
        await phone.page.getByText("開店の準備をお願いします").waitFor();
        assert.deepEqual(await obstacles(phone.page, "scheduled on a phone"), []);
        await phone.page.getByRole("button", { name: "文を直す" }).click();
        await phone.page
          .getByRole("dialog")
          .getByLabel("文")
          .fill("おはようございます。開店は9時です。");
        await phone.page
          .getByRole("button", { name: "この文で予約しなおす" })
          .click();
        await phone.page.getByText("開店は9時です").waitFor();
        await phone.page.getByRole("button", { name: "いま送る" }).click();
        await phone.page.getByText("予約した発言はありません").waitFor();
        await room.hears("開店は9時です");
        const sent = (await owner.messages(shop)).filter((one) =>
          one.text?.includes("開店は9時"),
        );
        assert.equal(sent.length, 1);
        assert.equal(sent[0].author, otsukawa.id);
      },
    );

    await step("who is taken out of the room keeps nothing of it", async () => {
      const secret = await owner.post(shop, `@{${otsukawa.id}} 金庫の番号`);
      await otsukawa.call("PUT", `/bookmarks/${secret.id}`);
      await otsukawa.call("PUT", `/reminders/${newId()}`, {
        message: secret.id,
        at: Date.now() + 3_600_000,
      });
      await owner.call("DELETE", `/rooms/${shop}/members/${otsukawa.id}`);
      for (const [path, none] of [
        ["/later/unanswered", "答えを待っている発言はありません"],
        ["/later/bookmarks", "ブックマークはまだありません"],
        ["/later/reminders", "リマインダーはありません"],
      ]) {
        await phone.page.goto(path);
        await phone.page.getByText(none).waitFor();
      }
    });
  },
);
