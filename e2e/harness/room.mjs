/**
 * A room in the client as a person meets it: what stands there, in which order, and what is written next.
 *
 * It stays true that messages are found by what a screen reader is told (roles and names), not by classes.
 */
import assert from 'node:assert/strict';

import { PATIENCE } from './browser.mjs';

/** What stands under a message until the server has acknowledged it. */
const UNDERWAY = /送っています|送信待ち|送れませんでした/;

export class RoomPage {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
    this.log = page.getByRole('log');
    this.field = page.getByRole('textbox', { name: 'メッセージ', exact: true });
    this.button = page.getByRole('button', { name: /^(送信|社外へ送信)$/ });
  }

  /** Opens a room by its id and waits until it stands. */
  async open(/** @type {string} */ room) {
    await this.page.goto(`/rooms/${room}`);
    await this.log.waitFor();
    await this.field.waitFor();
  }

  /** The one message whose text holds these words. */
  message(/** @type {string | RegExp} */ words) {
    return this.log.getByRole('article').filter({ hasText: words });
  }

  /** Writes and sends with the button, and waits until the server has it. */
  async say(/** @type {string} */ text, words = text.split('\n')[0].slice(0, 60)) {
    await this.field.fill(text);
    await this.button.click();
    await this.sent(words);
  }

  /** Waits until the message stands exactly once and is no longer on its way. */
  async sent(/** @type {string} */ words, timeout = PATIENCE) {
    const message = this.message(words);
    // What the server has acknowledged has a place in the room's order.
    await message.and(this.page.locator('[data-seq]')).first().waitFor({ timeout });
    await message.getByText(UNDERWAY).waitFor({ state: 'detached', timeout });
    assert.equal(await message.count(), 1, `「${words}」 stands once`);
  }

  /** Waits until a message from someone stands, once. */
  async hears(/** @type {string} */ words, timeout = PATIENCE) {
    await this.message(words).first().waitFor({ timeout });
    assert.equal(await this.message(words).count(), 1, `「${words}」 stands once`);
  }

  /** Every message that stands in the document now, in its order: the words that `pattern` finds in each. */
  async standing(/** @type {RegExp} */ pattern) {
    const texts = await this.log.getByRole('article').allTextContents();
    return texts.map((text) => text.match(pattern)?.[0]).filter((found) => found !== undefined);
  }

  /**
   * Reads the whole room from its end to its beginning, and checks at every stop that what stands there is an
   * unbroken piece of what is expected.
   * @param {string[]} expected in the room's order
   * @param {RegExp} pattern finds one of them in a message's text
   */
  async readsExactly(expected, pattern) {
    const place = new Map(expected.map((text, i) => [text, i]));
    const seen = new Set();
    await this.log.focus();
    await this.page.keyboard.press('End');
    await this.message(expected.at(-1)).waitFor();
    for (let round = 0; round < 400 && seen.size < expected.length; round += 1) {
      const standing = await this.standing(pattern);
      for (const [i, text] of standing.entries()) {
        assert.ok(place.has(text), `「${text}」 is not in the room`);
        if (i > 0) assert.equal(place.get(text), place.get(standing[i - 1]) + 1, `after 「${standing[i - 1]}」`);
        seen.add(text);
      }
      await this.log.evaluate((log) => log.scrollBy(0, -log.clientHeight));
      await this.page.waitForTimeout(60);
    }
    const missing = expected.filter((text) => !seen.has(text));
    assert.deepEqual(missing, [], 'every message stands on the client');
  }
}
