/**
 * What axe-core finds on a page (WCAG 2.2 AA).
 *
 * It stays true that a serious or critical finding fails the test and names the element.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const SOURCE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Fails when axe finds anything serious on what the page shows now.
 * @param {import('playwright-core').Page} page
 * @param {string} screen its name, for the message
 */
export async function accessible(page, screen) {
  // Evaluated by the debugger, so the page's content security policy stays as it is.
  await page.evaluate(`if (!window.axe) { ${SOURCE} }`);
  const { violations } = await page.evaluate(
    // @ts-expect-error axe is there from the line above
    (tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags } }),
    RULES,
  );
  const serious = violations
    .filter((/** @type {any} */ v) => v.impact === 'serious' || v.impact === 'critical')
    .map((/** @type {any} */ v) => {
      const where = v.nodes.map((/** @type {any} */ n) => `${n.target.join(' ')}: ${n.failureSummary}`);
      return `${v.id} (${v.impact}): ${v.help}\n    ${where.join('\n    ')}`;
    });
  assert.deepEqual(serious, [], `${screen} is not accessible`);
}
