/** The way in: set-up, joining, signing in, and the second factor. Written against hands, so that each can be walked by keyboard too. */
import assert from 'node:assert/strict';

import { App } from '../harness/authenticator.mjs';

/** @typedef {import('../harness/hands.mjs').Pointer | import('../harness/hands.mjs').Keyboard} Hands */

/**
 * Goes through the set-up page.
 * @param {Hands} hands
 * @param {{organisation: string, family_name: string, given_name: string, family_kana: string, given_kana: string,
 *   login: string, password: string}} who
 * @param {() => string} code what the server printed, if the page asks for it
 * @returns {Promise<{codes: string[], app: App}>} the recovery codes, and the owner's authenticator app
 */
export async function setUp(hands, who, code) {
  const { page } = hands;
  await page.getByLabel('組織名').waitFor();
  assert.match(new URL(page.url()).pathname, /^\/setup/, 'a new server asks to be set up');
  await hands.write(page.getByLabel('組織名'), who.organisation);
  const asked = page.getByLabel('サーバーの画面に出た番号');
  if (await asked.count()) await hands.write(asked, code());
  await hands.press(page.getByRole('button', { name: '次へ　あなたのこと' }));

  await page.getByRole('heading', { name: 'あなたのこと' }).waitFor();
  await name(hands, who);
  await hands.write(page.getByLabel('ログインID'), who.login);
  await hands.write(page.getByRole('textbox', { name: 'パスワード' }), who.password);
  await page.getByText('流出した一覧にはありません').waitFor();
  await hands.press(page.getByRole('button', { name: '組織をつくる' }));

  const codes = await writeDown(hands);
  const app = await enrolApp(hands);
  await agree(hands);
  await page.getByRole('heading', { name: '回覧が、はじまりました' }).waitFor();
  return { codes, app };
}

/**
 * Chooses an authenticator app where a role demands a second factor.
 * @param {Hands} hands
 * @returns {Promise<App>}
 */
export async function enrolApp(hands) {
  const { page } = hands;
  await page.getByRole('heading', { name: '二つ目の確認を決める' }).waitFor();
  await hands.press(page.getByRole('button', { name: '認証アプリ' }));
  return connectApp(hands);
}

/**
 * Goes through the three steps of connecting an app, typing the secret as one without a camera would.
 * @param {Hands} hands
 * @returns {Promise<App>}
 */
export async function connectApp(hands) {
  const { page } = hands;
  await page.getByRole('heading', { name: '認証アプリをつなぐ' }).waitFor();
  const app = new App().learn((await page.locator('.key code').allInnerTexts()).join(''));
  await hands.write(page.getByLabel('6桁の数字'), await app.code());
  return app;
}

/** Reads the recovery codes, ticks that they are on paper, and goes on. @param {Hands} hands */
export async function writeDown(hands) {
  const { page } = hands;
  await page.getByRole('heading', { name: '回復コードを紙に' }).waitFor();
  const codes = await page.getByRole('list', { name: '回復コード' }).locator('code').allInnerTexts();
  await hands.tick(page.getByRole('checkbox', { name: '紙に写しました' }));
  await hands.press(page.getByRole('button', { name: '次へ', exact: true }));
  return codes;
}

/** Fills the four parts of a name. */
export async function name(/** @type {Hands} */ hands, /** @type {Record<string, any>} */ who) {
  for (const [label, value] of [
    ['姓', who.family_name],
    ['名', who.given_name],
    ['せい', who.family_kana],
    ['めい', who.given_kana],
  ]) {
    await hands.write(hands.page.getByRole('textbox', { name: label, exact: true }), value);
  }
}

/**
 * Joins by an invitation.
 * @param {Hands} hands @param {string} url @param {{family_name: string, login?: string, password: string}} who
 * @param {boolean} [wholly] whether nothing more is needed of them
 */
export async function join(hands, url, who, wholly = true) {
  const { page } = hands;
  await page.goto(url);
  await page.getByRole('heading', { name: 'ようこそ' }).waitFor();
  await page.getByText(who.family_name, { exact: false }).first().waitFor();
  assert.equal(new URL(page.url()).search, '', 'the token stands in the fragment alone');
  const login = page.getByLabel('ログインID');
  if (await login.count()) await hands.write(login, /** @type {string} */ (who.login));
  await hands.write(page.getByRole('textbox', { name: 'パスワード' }), who.password);
  await page.getByText('流出した一覧にはありません').waitFor();
  await hands.press(page.getByRole('button', { name: '登録してはじめる' }));
  if (!wholly) return void (await page.waitForURL(/\/sign-in/));
  await agree(hands);
  await inside(page);
}

/** Accepts the terms of a device. @param {Hands} hands */
export async function agree(hands) {
  const { page } = hands;
  await page.getByRole('heading', { name: '使う前の約束' }).waitFor();
  await hands.tick(page.getByRole('checkbox', { name: 'この約束に同意します' }));
  await hands.press(page.getByRole('button', { name: '同意して続ける' }));
}

/** Brings a browser in with a code. @param {Hands} hands @param {string} code @param {string} name */
export async function enrolDevice(hands, code, name) {
  const { page } = hands;
  await page.getByRole('heading', { name: 'この端末を加えます' }).waitFor();
  await hands.write(page.getByLabel('8文字のコード'), code);
  await page.getByLabel('端末の名前').fill(name);
  await hands.press(page.getByRole('button', { name: 'この端末を加える' }));
}

/**
 * Shows a code for a further browser, on the one that is open. Gives its eight signs.
 * @param {Hands} hands
 */
export async function showCode({ page }) {
  await page.goto('/me/devices/add');
  const code = (await page.locator('.code8').innerText()).replace(/[^0-9A-Z]/g, '');
  assert.equal(code.length, 8);
  return code;
}

/**
 * Goes on from the sign-in of a browser that is new until the app is open.
 * @param {Hands} hands @param {string} code shown by an administrator, or on another device
 */
export async function bringIn(hands, code) {
  await enrolDevice(hands, code, 'この仕事の端末');
  await agree(hands);
  await inside(hands.page);
}

/** Signs in at the page that is open. */
export async function signIn(/** @type {Hands} */ hands, /** @type {string} */ login, /** @type {string} */ password) {
  const { page } = hands;
  await hands.write(page.getByLabel('社員番号・ログインID'), login);
  await hands.write(page.getByRole('textbox', { name: 'パスワード' }), password);
  await hands.press(page.getByRole('button', { name: 'サインイン', exact: true }));
}

/** Signs out from wherever one is, as people do. @param {Hands} hands */
export async function signOut(hands) {
  const { page } = hands;
  await page.goto('/me');
  await hands.press(page.getByRole('button', { name: 'サインアウト' }));
  await hands.press(page.getByRole('dialog').getByRole('button', { name: 'サインアウト' }));
  await page.getByLabel('社員番号・ログインID').waitFor();
}

/** Waits until the client proper stands. */
export async function inside(/** @type {import('playwright-core').Page} */ page) {
  await page.getByRole('navigation', { name: 'おもな画面' }).waitFor();
}
