/** What is done with messages, by whichever hands. */
import assert from 'node:assert/strict';

/** @typedef {import('../harness/hands.mjs').Pointer | import('../harness/hands.mjs').Keyboard} Hands */

/**
 * Makes a group from the room list.
 * @param {Hands} hands @param {string} name @param {{kana: string, shown: string}[]} people
 */
export async function createRoom(hands, name, people) {
  const { page } = hands;
  await hands.press(page.getByRole('button', { name: '部屋をつくる' }).first());
  const dialog = page.getByRole('dialog', { name: '部屋をつくります' });
  await dialog.waitFor();
  await hands.write(dialog.getByLabel('部屋の名前'), name);
  for (const { kana, shown } of people) {
    await hands.write(dialog.getByLabel('名前・かな・社員番号で探す'), kana);
    await hands.tick(dialog.getByRole('checkbox', { name: new RegExp(shown) }));
  }
  await hands.press(dialog.getByRole('button', { name: '部屋をつくる' }));
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('log', { name: `${name}の発言` }).waitFor();
}

/** Opens a room from the list by its name. */
export async function openRoom(/** @type {Hands} */ hands, /** @type {string} */ name) {
  const { page } = hands;
  await hands.press(page.getByRole('link', { name: new RegExp(name) }).first());
  await page.getByRole('log', { name: `${name}の発言` }).waitFor();
}

/**
 * Opens the menu of a message and chooses an act.
 * @param {Hands} hands @param {import('playwright-core').Locator} message @param {string} act
 */
export async function act(hands, message, act) {
  const { page } = hands;
  if (hands.constructor.name === 'Keyboard') {
    // Enter on a message opens its acts.
    await hands.press(message);
    await hands.press(page.getByRole('dialog').getByRole('button', { name: act, exact: true }));
  } else {
    await message.hover();
    await message.getByRole('button', { name: 'ほかの操作' }).click();
    await page.getByRole('menuitem', { name: act }).click();
  }
}

/**
 * Answers a message with a reaction.
 * @param {Hands} hands @param {import('playwright-core').Locator} message @param {string} reaction
 */
export async function react(hands, message, reaction) {
  const { page } = hands;
  if (hands.constructor.name === 'Keyboard') {
    await hands.press(message);
  } else {
    await message.hover();
    await message.getByRole('button', { name: '反応', exact: true }).click();
  }
  const offered = page.getByRole('dialog').getByRole('group', { name: '反応を選ぶ' });
  await hands.press(offered.getByRole('button', { name: reaction }));
}

/** Puts a label on what is being written. */
export async function label(/** @type {Hands} */ hands, /** @type {string} */ words) {
  const { page } = hands;
  await hands.press(page.getByRole('button', { name: '報告・連絡・相談・依頼の札を付ける' }));
  await hands.press(page.getByRole('menuitem', { name: new RegExp(`^${words}`) }));
  await page.getByRole('button', { name: `${words}の札を外す` }).waitFor();
}

/**
 * Waits for a number of readers beside a message, opens the list, and checks who stands in it.
 * @param {Hands} hands @param {import('playwright-core').Locator} message
 * @param {string[]} read @param {string[]} unread
 */
export async function readers(hands, message, read, unread) {
  const { page } = hands;
  await message.getByRole('button', { name: `既読 ${read.length}` }).waitFor();
  await hands.press(message.getByRole('button', { name: `既読 ${read.length}` }));
  const popup = page.getByRole('dialog', { name: '既読' });
  await popup.getByText(`既読 ${read.length}名`).waitFor();
  const text = await popup.innerText();
  for (const name of [...read, ...unread]) assert.ok(text.includes(name), `${name} is named:\n${text}`);
  if (unread.length) await popup.getByText(`未読 ${unread.length}名`).waitFor();
  await page.keyboard.press('Escape');
  await popup.waitFor({ state: 'hidden' });
}
