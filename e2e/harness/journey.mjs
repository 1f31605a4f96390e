/**
 * One journey: a fresh server, a browser, and what is left to look at when it fails.
 *
 * It stays true that a failed journey leaves a picture of every open window and the server's log in e2e/out.
 */
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Browser, PATIENCE } from './browser.mjs';
import { Server } from './server.mjs';

/** Where pictures of failures go. */
const OUT = fileURLToPath(new URL('../out', import.meta.url));

/**
 * What a journey is given.
 * @typedef {object} Stage
 * @property {Server} server
 * @property {Browser} browser
 * @property {(title: string, act: () => Promise<void>) => Promise<void>} step runs one named part; the rest
 *   of the journey waits on it, so it stops at the first that fails
 * @property {(message: string) => void} say a measured number, into the test's output
 * @property {(holds: () => Promise<boolean>, within?: number) => Promise<void>} until waits until something holds
 */

/**
 * Declares a journey.
 * @param {string} title a sentence that says what is shown
 * @param {(stage: Stage) => Promise<void>} act
 * @param {'sqlite' | 'postgres'} [engine] @param {Record<string, string>} [settings] of the server: `KAIRAN_…`
 */
export function journey(title, act, engine = 'sqlite', settings = {}) {
  test(title, async (t) => {
    const server = await Server.fresh(engine, settings);
    const browser = await Browser.launch();
    const step = async (/** @type {string} */ name, /** @type {() => Promise<void>} */ part) => {
      let failure = null;
      await t.test(name, async () => {
        try {
          await part();
        } catch (error) {
          failure = error;
          throw error;
        }
      });
      if (failure) throw failure;
    };
    try {
      await act({ server, browser, step, say: (message) => t.diagnostic(message), until });
      for (const window of browser.windows) {
        assert.deepEqual(window.faults, [], `${window.name}'s pages were not quiet`);
      }
    } catch (error) {
      await keep(title, server, browser);
      throw error;
    } finally {
      await browser.close();
      await server.remove();
    }
  });
}

/** @param {() => Promise<boolean>} holds @param {number} [within] ms */
async function until(holds, within = PATIENCE) {
  for (const end = performance.now() + within; performance.now() < end; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(await holds(), 'it came to hold');
}

/** @param {string} title @param {Server} server @param {Browser} browser */
async function keep(title, server, browser) {
  const place = join(OUT, title.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60));
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'server.log'), server.log);
  for (const window of browser.windows) {
    for (const [i, page] of window.context.pages().entries()) {
      const path = join(place, `${window.name}${i || ''}.png`);
      await page.screenshot({ path, timeout: 5_000 }).catch(() => {});
    }
    if (window.faults.length) await writeFile(join(place, `${window.name}.txt`), window.faults.join('\n'));
  }
  console.error(`Pictures and the server's log: ${place}`);
}
