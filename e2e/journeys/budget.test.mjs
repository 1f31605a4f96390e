// First load of the client: at most 90 KB of JavaScript and CSS, gzipped.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

import { organisation } from '../harness/api.mjs';
import { journey } from '../harness/journey.mjs';

/** In bytes. */
const BUDGET = 90 * 1024;

journey('the first load stays within 90 KB of JavaScript and CSS', async ({ server, browser, step, say }) => {
  const owner = await organisation(server);
  for (const [screen, person] of /** @type {const} */ ([['the sign-in page', null], ['the room list', owner]])) {
    await step(`${screen} is within its budget`, async () => {
      const window = await browser.window(screen, server.url);
      if (person) await window.context.addCookies(person.cookies);
      /** @type {Map<string, Promise<number>>} */
      const loaded = new Map();
      window.page.on('response', (response) => {
        if (!['script', 'stylesheet'].includes(response.request().resourceType())) return;
        loaded.set(response.url(), response.body().then((body) => gzipSync(body).length));
      });
      await window.page.goto('/');
      await window.page.getByRole(person ? 'navigation' : 'textbox').first().waitFor();
      await window.page.waitForLoadState('networkidle');
      let total = 0;
      for (const size of loaded.values()) total += await size;
      say(`${screen}: ${(total / 1024).toFixed(1)} KB in ${loaded.size} files`);
      assert.ok(loaded.size > 0, 'something was loaded');
      assert.ok(total <= BUDGET, `${total} bytes`);
    });
  }
});
