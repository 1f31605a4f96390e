/**
 * Everything a browser keeps of the client, as raw as a thief would find it.
 *
 * It stays true that nothing here opens anything: bytes are read as text, whatever they are. The key by which a browser is
 * known as a device says nothing and outlives sign-out: it is in the text, and is no record of what is kept.
 */

import assert from 'node:assert/strict';

import { PATIENCE } from './browser.mjs';
import { STORE } from './device.mjs';

/** The client writes what it keeps behind, every 4 s (web/src/lib/live/keeper.ts): nothing new for this long, ms. */
const STILL = 5_000;

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<{text: string, records: string[], caches: string[], databases: string[]}>}
 */
export function kept(page) {
  return page.evaluate(async (devices) => {
    const wait = (/** @type {IDBRequest} */ request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const bytes = (/** @type {any} */ value) => {
      const decode = (/** @type {ArrayBuffer} */ buffer) =>
        ['utf-8', 'utf-16le'].map((name) => new TextDecoder(name).decode(buffer)).join('');
      if (value instanceof ArrayBuffer) return decode(value);
      if (ArrayBuffer.isView(value)) return decode(/** @type {any} */ (value).slice().buffer);
      if (value instanceof CryptoKey && value.type === 'public') return 'public key';
      if (value instanceof CryptoKey) return value.extractable ? 'extractable key' : 'sealed key';
      if (value && typeof value === 'object') return Object.values(value).map(bytes).join('\n');
      return String(value);
    };
    let text = JSON.stringify({ ...localStorage, ...sessionStorage });
    const records = [];
    const databases = [];
    for (const { name } of await indexedDB.databases()) {
      if (!name) continue;
      databases.push(name);
      const database = await wait(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const all = database.transaction(store).objectStore(store);
        for (const key of await wait(all.getAllKeys())) {
          const said = bytes(await wait(database.transaction(store).objectStore(store).get(key)));
          if (name !== devices) records.push(`${store} ${JSON.stringify(key)}`);
          text += `\n${name === devices ? said.replace('sealed key', 'device key') : said}`;
        }
      }
      database.close();
    }
    return { text, records, caches: await caches.keys(), databases };
  }, STORE.database);
}

/** Waits until the worker beside the page has copied the app and controls it. */
export async function settled(/** @type {import('playwright-core').Page} */ page) {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
}

/** Waits until all that a start without a line needs is written. */
export async function written(/** @type {import('playwright-core').Page} */ page) {
  let before = '';
  let since = performance.now();
  for (const end = since + 2 * PATIENCE; performance.now() < end; ) {
    const { records, text } = await kept(page);
    if (text !== before) since = performance.now();
    before = text;
    // Written last, once everything else is there.
    const whole = records.some((record) => record.includes('"as_of"'));
    if (whole && performance.now() - since >= STILL) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  assert.fail('what a start without a line needs was never written');
}
