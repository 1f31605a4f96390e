/**
 * Typing Japanese as an input method does: a composition is shown, changed, and taken over by Enter or a click.
 *
 * It stays true that the page sees what Chromium sends with a real input method: key 229 while composing,
 * composition events, and then the text.
 */

/**
 * Types `reading`, converts it to `text` and takes it over with Enter, which belongs to the input method and
 * must never send (product.md: "Enter during kana conversion never sends").
 * @param {import('playwright-core').Page} page
 * @param {string} reading kana as typed, e.g. `おつかれさまです`
 * @param {string} text what it is converted to, e.g. `お疲れさまです`
 */
export async function convert(page, reading, text) {
  const cdp = await page.context().newCDPSession(page);
  const press = async (/** @type {string} */ code) => {
    // What the page sees of a key that the input method has taken: key "Process", keyCode 229.
    const key = { key: 'Process', code, windowsVirtualKeyCode: 229, nativeVirtualKeyCode: 229 };
    await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key });
    await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
  };
  for (let end = 1; end <= reading.length; end += 1) {
    await press('KeyA');
    const shown = reading.slice(0, end);
    await cdp.send('Input.imeSetComposition', { text: shown, selectionStart: end, selectionEnd: end });
  }
  await press('Space');
  await cdp.send('Input.imeSetComposition', {
    text,
    selectionStart: text.length,
    selectionEnd: text.length,
  });
  await press('Enter');
  await cdp.send('Input.insertText', { text });
  await cdp.detach();
  // Nobody presses the next key within this: clients ignore an Enter that follows at once, as Safari sends one.
  await page.waitForTimeout(60);
}
