/**
 * Reading a room in the client as a person does: what stands there, in which order, and what is written next.
 *
 * It stays true that messages are found by what a screen reader is told (roles and names), not by classes.
 */
import assert from 'node:assert/strict';

export class RoomPage {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
    this.log = page.getByRole('log');
    this.field = page.getByRole('textbox', { name: '本文' });
  }

  /** Opens a room by its id and waits until it stands. */
  async open(/** @type {string} */ room) {
    await this.page.goto(`/rooms/${room}`);
    await this.log.waitFor();
  }

  /** The one message whose text holds these words. */
  message(/** @type {string} */ words) {
    return this.log.getByRole('article').filter({ hasText: words });
  }

  /** Writes and sends with Enter, and waits until the server has it. */
  async say(/** @type {string} */ text) {
    await this.field.fill(text);
    await this.field.press('Enter');
    await this.sent(text.split('\n')[0].slice(0, 60));
  }

  /** Waits until the message stands exactly once and is no longer being sent. */
  async sent(/** @type {string} */ words) {
    const message = this.message(words);
    await message.waitFor();
    await message.getByText('送信中').waitFor({ state: 'detached' });
    assert.equal(await message.count(), 1, `「${words}」 stands once`);
  }

  /** Waits until a message from someone stands. */
  async hears(/** @type {string} */ words, timeout = 5_000) {
    await this.message(words).first().waitFor({ timeout });
    assert.equal(await this.message(words).count(), 1, `「${words}」 stands once`);
  }

  /** Every message that stands in the document now, in its order: the words that `pattern` finds in each. */
  async standing(/** @type {RegExp} */ pattern) {
    const texts = await this.log.getByRole('article').allInnerTexts();
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
