/** The app lock: its settings, and the screen it stands behind. */
import assert from 'node:assert/strict';

import { kept } from '../harness/kept.mjs';

export const PASSCODE = '409112';

/** The heading of the screen before everything else. */
export const heading = (/** @type {import('playwright-core').Page} */ page) =>
  page.getByRole('heading', { name: '鍵がかかっています' });

/** Sets the lock in settings. */
export async function set(/** @type {import('playwright-core').Page} */ page, passcode = PASSCODE) {
  await page.goto('/me/lock');
  await page.getByLabel('新しいパスコード').fill(passcode);
  await page.getByLabel('もう一度', { exact: true }).fill(passcode);
  await page.getByRole('button', { name: '鍵をかけるようにする' }).click();
  await page.getByText('鍵がかかるようになっています').waitFor();
}

/** Waits until the lock stands. */
export async function shut(/** @type {import('playwright-core').Page} */ page) {
  await heading(page).waitFor();
}

/** Types a passcode of six digits at a desk. */
export async function type(/** @type {import('playwright-core').Page} */ page, passcode = PASSCODE) {
  const field = page.getByLabel('パスコード', { exact: true });
  await field.and(page.locator(':not([readonly])')).waitFor();
  await field.pressSequentially(passcode);
}

/** Taps a passcode of six digits on a phone. */
export async function tap(/** @type {import('playwright-core').Page} */ page, passcode = PASSCODE) {
  const keys = page.getByRole('group', { name: '数字のキー' });
  for (const digit of passcode) await keys.getByRole('button', { name: digit, exact: true }).tap();
}

/**
 * What a thief finds: nothing on the page, nothing that can be read in the browser, and nothing that opens with what the
 * server lent alone.
 * @param {import('playwright-core').Page} page @param {RegExp} words of the talk
 */
export async function unreadable(page, words) {
  assert.doesNotMatch(await page.content(), words, 'nothing of the talk stands in the page');
  const found = await kept(page);
  assert.doesNotMatch(found.text, words, 'nothing of the talk lies in the browser as it is');
  return page.evaluate(async () => {
    const wait = (/** @type {any} */ request) =>
      new Promise((done, fail) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => fail(request.error);
      });
    const database = await wait(indexedDB.open('kairan'));
    const read = (/** @type {string} */ board) => database.transaction(board).objectStore(board);
    const row = await wait(read('keys').get(['lease', 'key']));
    const info = new TextEncoder().encode('kairan local v1');
    const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info };
    const key = await crypto.subtle.deriveKey(how, row.share, { name: 'AES-GCM', length: 256 }, false, ['decrypt']);
    const places = await wait(read('values').getAllKeys());
    let opened = 0;
    for (const place of places) {
      const { iv, data } = await wait(read('values').get(place));
      const additionalData = new TextEncoder().encode(place.join('\n'));
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, data).then(
        () => (opened += 1),
        () => {},
      );
    }
    database.close();
    return { records: places.length, opened, carried: row.share.extractable };
  });
}
