/** What journeys about policies share: the rules over the wire, and a member's own phone. */
import { newId } from '../harness/api.mjs';
import { Pointer } from '../harness/hands.mjs';
import * as door from './door.mjs';

/** @typedef {import('../harness/api.mjs').Person} Person */

/** Somebody without power, so that a password is all the door asks first. */
export const MEMBER = {
  family_name: '乙川', given_name: '二葉', family_kana: 'おつかわ', given_kana: 'ふたば',
  login: 'otsukawa', staff_number: '0417',
};

/**
 * A member's own phone, brought in with a code.
 * @param {import('../harness/browser.mjs').Browser} browser @param {import('../harness/server.mjs').Server} server
 * @param {Person} owner @param {Person} person
 */
export async function phone(browser, server, owner, person) {
  const window = await browser.window('phone', server.url, { hold: 'phone' });
  const hands = new Pointer(window.page);
  const { code } = await owner.call('POST', `/members/${person.id}/device-code`, { ownership: 'own' });
  await window.page.goto('/');
  await door.signIn(hands, person.login, person.password);
  await door.enrolDevice(hands, code, '私のスマホ');
  await door.agree(hands);
  await door.inside(window.page);
  return window;
}

/** Puts rules in force as the owner. */
export async function rule(/** @type {Person} */ owner, /** @type {any[]} */ rules) {
  const { version } = await owner.call('GET', '/organisation/policies');
  await owner.call('PUT', '/organisation/policies', { version, rules, understood: true });
}

/** A rule for everybody, or for those that `applies` names. */
export const one = (/** @type {string} */ name, /** @type {any} */ limits, /** @type {any} */ applies = {}) => ({
  id: newId(),
  name,
  applies: { kinds: [], ownership: null, roles: [], ...applies },
  limits,
});

/** The mark over the page that names who looks. */
export const marked = (/** @type {import('playwright-core').Page} */ page) => page.locator('svg[data-watermark]');
