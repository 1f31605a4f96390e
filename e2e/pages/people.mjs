/** Looking after members, by whichever hands. */
import { name } from './door.mjs';

/** @typedef {import('../harness/hands.mjs').Pointer | import('../harness/hands.mjs').Keyboard} Hands */

/** Goes to the table of members. */
export async function toMembers(/** @type {Hands} */ hands) {
  const { page } = hands;
  await hands.press(page.getByRole('navigation', { name: 'おもな画面' }).getByRole('link', { name: '管理' }));
  await page.getByRole('heading', { name: 'メンバー', exact: true }).waitFor();
}

/**
 * Adds a member and makes an invitation.
 * @param {Hands} hands
 * @param {Record<string, any>} who
 * @returns {Promise<string>} the invitation's link, as it stands on the sheet
 */
export async function addMember(hands, who) {
  const { page } = hands;
  await toMembers(hands);
  await hands.press(page.getByRole('button', { name: '加える', exact: true }));
  const dialog = page.getByRole('dialog', { name: 'メンバーを加える' });
  await dialog.waitFor();
  await name(hands, who);
  if (who.staff_number) await hands.write(dialog.getByLabel('社員番号'), who.staff_number);
  if (who.login) await hands.write(dialog.getByLabel('ログインID'), who.login);
  await hands.press(dialog.getByRole('button', { name: '加えて招待をつくる' }));
  await page.getByRole('heading', { name: '招待の紙' }).waitFor();
  await hands.press(page.getByRole('button', { name: `${who.family_name} ${who.given_name}さんのリンクを写す` }));
  return page.evaluate(() => navigator.clipboard.readText());
}
