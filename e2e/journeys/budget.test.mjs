// First load of the client: at most 92 KB of JavaScript and CSS, gzipped. It was 90 before a page had to prove its device,
// hold to policies and know of an app lock before anything is shown; those three are 5 KB.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

import { organisation } from '../harness/api.mjs';
import { journey } from '../harness/journey.mjs';

/** In bytes. */
const BUDGET = 92 * 1024;
/** What the page puts off by this many ms or more is for later, however slowly it starts. */
const LATER = 2_000;

journey('the first load stays within 92 KB of JavaScript and CSS', async ({ server, browser, step, say }) => {
  const owner = await organisation(server);
  for (const [screen, person] of /** @type {const} */ ([['the sign-in page', null], ['the room list', owner]])) {
    await step(`${screen} is within its budget`, async () => {
      const window = await browser.window(screen, server.url);
      if (person) await person.window(window.context);
      await window.page.addInitScript((later) => {
        const put = globalThis.setTimeout;
        // @ts-expect-error -- what is put off stays off
        globalThis.setTimeout = (act, ms = 0, ...more) => (ms >= later ? 0 : put(act, ms, ...more));
      }, LATER);
      /** @type {Set<string>} */
      const loaded = new Set();
      window.page.on('request', (request) => {
        if (['script', 'stylesheet'].includes(request.resourceType())) loaded.add(request.url());
      });
      await window.page.goto('/');
      await window.page.getByRole(person ? 'navigation' : 'textbox').first().waitFor();
      await window.page.waitForLoadState('load');
      // What the page itself fetches until it rests; what it and the worker beside it leave for later is no part of it.
      for (let before = -1; before < loaded.size; ) {
        before = loaded.size;
        await window.page.waitForTimeout(500);
      }
      let total = 0;
      for (const url of loaded) total += gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length;
      say(`${screen}: ${(total / 1024).toFixed(1)} KB in ${loaded.size} files`);
      assert.ok(loaded.size > 0, 'something was loaded');
      assert.ok(total <= BUDGET, `${total} bytes`);
    });
  }
});
