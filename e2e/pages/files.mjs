/** What is done with files, by whichever hands. */
import { readFile } from 'node:fs/promises';

import { PATIENCE } from '../harness/browser.mjs';

/** @typedef {import('../harness/hands.mjs').Pointer | import('../harness/hands.mjs').Keyboard} Hands */
/** @typedef {{name: string, mimeType: string, buffer: Buffer}} Given */

/** What lies beside what is being written. */
export const tray = (/** @type {import('playwright-core').Page} */ page) =>
  page.getByRole('region', { name: '添えるもの' });

/**
 * Chooses files as a person does: the menu, an act, and the system's own window.
 * @param {Hands} hands @param {'写真・動画' | 'カメラで撮る' | 'ファイル'} act @param {Given | Given[] | string} files
 */
export async function attach(hands, act, files) {
  const { page } = hands;
  const opened = page.waitForEvent('filechooser');
  // At a desk the acts have a button of their own, on a phone they stand with the others.
  await hands.press(page.getByRole('button', { name: /^(写真・ファイルを添える|添える・札・人を指す)$/ }));
  await hands.press(page.getByRole('menuitem', { name: act, exact: true }));
  await (await opened).setFiles(files);
  await tray(page).waitFor();
}

/** Waits until everything beside the words has arrived. */
export async function arrived(/** @type {import('playwright-core').Page} */ page, count = 1, timeout = PATIENCE) {
  await tray(page).getByText('準備できました').nth(count - 1).waitFor({ timeout });
}

/** Saves through the client; the bytes and the name that came. @param {Hands} hands @param {import('playwright-core').Locator} button */
export async function saved(hands, button, timeout = PATIENCE) {
  const coming = hands.page.waitForEvent('download', { timeout });
  await hands.press(button);
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** The viewer, open. */
export const viewer = (/** @type {import('playwright-core').Page} */ page) =>
  page.getByRole('dialog', { name: '写真とファイル' });
