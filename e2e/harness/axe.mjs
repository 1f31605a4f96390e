/**
 * What axe-core finds on a page (WCAG 2.2 AA).
 *
 * It stays true that the page is looked at as it is: nothing of it is changed for the look.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const SOURCE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * What axe finds serious on what the page shows now, each with the element and what would mend it.
 * @param {import('playwright-core').Page} page
 * @param {string} screen its name
 * @returns {Promise<string[]>}
 */
export async function obstacles(page, screen) {
  // Evaluated by the debugger, so the page's content security policy stays as it is.
  await page.evaluate(`if (!window.axe) { ${SOURCE} }`);
  const { violations } = await page.evaluate(
    // @ts-expect-error axe is there from the line above
    (tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags } }),
    RULES,
  );
  return violations
    .filter((/** @type {any} */ v) => v.impact === 'serious' || v.impact === 'critical')
    .map((/** @type {any} */ v) => {
      const where = v.nodes.map((/** @type {any} */ n) => `${n.target.join(' ')}: ${n.failureSummary}`);
      return `${screen}: ${v.id} (${v.impact}): ${v.help}\n    ${where.join('\n    ')}`;
    });
}
