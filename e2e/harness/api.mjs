/**
 * The public API, for what a journey needs but is not about: people who are already there, rooms with a past.
 *
 * It stays true that nothing here goes round the wire: what it can do, any client can.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { authenticator } from './authenticator.mjs';
import { Device } from './device.mjs';

/** A time-ordered id as clients make them (RFC 9562 §5.7). */
export function newId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The owner of every prepared organisation. */
export const OWNER = {
  family_name: '甲野',
  given_name: '花子',
  family_kana: 'こうの',
  given_kana: 'はなこ',
  login: 'kouno',
  password: '朱肉と回覧板と月曜の朝にひとつの印',
};

export class Person {
  #cookie = '';
  /** What they sign in with. */
  login = '';
  password = OWNER.password;
  /** This session. */
  session = '';
  /** The device they are at. */
  device = /** @type {Device | null} */ (null);

  /** @param {string} url @param {any} [me] */
  constructor(url, me = null) {
    this.url = url;
    this.me = me;
  }

  /** This person's member id. */
  get id() {
    return this.me.member.id;
  }

  /** The session's cookie, for a browser that shall be signed in already. */
  get cookies() {
    const at = this.#cookie.indexOf('=');
    return [{ name: this.#cookie.slice(0, at), value: this.#cookie.slice(at + 1), url: this.url }];
  }

  /**
   * A browser of this person's own: signed in beside this one, on the same device, with the device's key in it.
   * @param {import('playwright-core').BrowserContext} context
   */
  async window(context) {
    const device = this.device;
    assert.ok(device, 'this person has no device yet');
    const twin = new Person(this.url);
    twin.device = device;
    await twin.signIn(this.login, this.password);
    await device.plant(context, { url: this.url, member: this.id, login: this.login, session: twin.session });
    await context.addCookies(twin.cookies);
  }

  /**
   * One call; the body as it came, and the status. A token that has run out, or that a window renewed, is renewed first.
   * @param {string} method
   * @param {string} path below /api/v1
   * @param {unknown} [body]
   * @returns {Promise<{status: number, body: any}>}
   */
  async try(method, path, body) {
    const answer = await this.#ask(method, path, body);
    const stale = answer.body?.code === 'session.stale' || answer.body?.code === 'session.missing';
    if (!stale || !this.device || !this.session || path.startsWith('/session/')) return answer;
    const proof = await this.device.proof(this.url, 'renew');
    const renewed = await this.#ask('POST', '/session/renew', { session: this.session, ...proof });
    return renewed.status === 204 ? this.#ask(method, path, body) : answer;
  }

  /** @param {string} method @param {string} path @param {unknown} body @returns {Promise<{status: number, body: any}>} */
  async #ask(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = { origin: this.url };
    if (this.#cookie) headers.cookie = this.#cookie;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    for (const cookie of answer.headers.getSetCookie()) this.#cookie = cookie.split(';')[0];
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  }

  /** One call that must succeed; its body. */
  async call(/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body = undefined) {
    const answer = await this.try(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Signs in, with everything the session needs; `code` brings this device in when it is new. */
  async signIn(/** @type {string} */ login, /** @type {string} */ password, /** @type {string | null} */ code = null) {
    const device = this.device && (await this.device.proof(this.url, 'sign-in'));
    const opened = await this.call('POST', '/session', { login, password, ...(device ? { device } : {}) });
    this.me = await this.enter(opened, login, code);
    this.password = password;
    return this;
  }

  /**
   * Goes on from an opened session until it is complete: shows the authenticator app, or gets one where it must be had.
   * @param {any} opened who one is, or where the session stands
   * @param {string} login
   * @param {string | null} [code] what brings this device in, where an invitation does not
   * @returns {Promise<any>} who one is
   */
  async enter(opened, login, code = null) {
    let standing = opened;
    this.login = login;
    const device = (this.device ??= await Device.make(newId()));
    const app = authenticator(this.url, login);
    while (standing?.needs) {
      if (standing.needs === 'second_factor') {
        standing = await this.call('POST', '/session/factor', { totp: await app.code() });
      } else if (standing.needs === 'enrol_factor') {
        app.learn((await this.call('POST', '/me/totp')).secret);
        const done = await this.call('PUT', '/me/totp', { code: await app.code() });
        standing = done.me ?? (await this.call('GET', '/session/standing'));
      } else if (standing.needs === 'device') {
        standing = await this.call('POST', '/session/device', {
          id: device.id,
          ...(code ? { code } : {}),
          name: 'journey',
          kind: 'api',
          os: 'Node.js',
          key: await device.public(),
          ...(await device.sign(this.url, 'enrol')),
        });
      } else if (standing.needs === 'consent') {
        standing = await this.call('POST', '/session/consent', { version: standing.terms.version });
      } else {
        throw new Error(`no journey knows how to give ${standing.needs}`);
      }
    }
    const me = standing.me ?? standing;
    this.session = me.session;
    return me;
  }

  /**
   * Adds a member and joins as them by their invitation.
   * @param {Record<string, unknown> & {family_name: string, given_name: string}} member
   * @returns {Promise<Person>} the new person, signed in
   */
  async bring(member) {
    const added = await this.call('POST', '/members', { kind: 'employee', ...member });
    const [invitation] = await this.call('POST', '/invitations', { members: [added.id] });
    const token = new URL(invitation.url).hash.slice(1);
    const person = new Person(this.url);
    const login = member.login ?? `user-${added.id.slice(-6)}`;
    const chosen = member.login ? {} : { login };
    const opened = await person.call('POST', '/invitations/accept', { token, password: OWNER.password, ...chosen });
    person.me = await person.enter(opened, String(login));
    return person;
  }

  /**
   * Makes a room with these people in it.
   * @param {string} name @param {Person[]} people @param {Record<string, unknown>} [more]
   * @returns {Promise<string>} its id
   */
  async room(name, people, more = {}) {
    const room = newId();
    await this.call('PUT', `/rooms/${room}`, {
      kind: 'group',
      name,
      members: people.map((person) => person.id),
      managers: [],
      history: 'all',
      ...more,
    });
    return room;
  }

  /** Posts, and gives back the message as the server acknowledged it. */
  post(/** @type {string} */ room, /** @type {string} */ text, id = newId()) {
    return this.call('PUT', `/rooms/${room}/messages/${id}`, { text });
  }

  /** Every message of a room, oldest first. */
  async messages(/** @type {string} */ room) {
    const all = [];
    for (let after = 0, more = true; more; ) {
      const page = await this.call('GET', `/rooms/${room}/messages?after=${after}&limit=200`);
      all.push(...page.messages);
      more = page.more_after;
      after = page.messages.at(-1)?.seq ?? after;
    }
    return all;
  }
}

/**
 * Sets the organisation up and gives back its owner, signed in.
 * @param {import('./server.mjs').Server} server
 */
export async function organisation(server) {
  const owner = new Person(server.url);
  const welcome = await owner.call('GET', '/welcome');
  const code = welcome.needs_code ? { code: setupCode(server) } : {};
  const made = await owner.call('POST', '/setup', { organisation: '見本商店', ...OWNER, ...code });
  owner.me = await owner.enter(made, OWNER.login);
  return owner;
}

/** The code that the server printed, when it asks for one before it lets itself be set up. */
export function setupCode(/** @type {import('./server.mjs').Server} */ server) {
  const found = server.log.match(/[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}/);
  assert.ok(found, `the server asks for a set-up code and printed none:\n${server.log}`);
  return found[0];
}

/**
 * Does `work` for every item, at most `width` at a time, in order of start.
 * @template T, R
 * @param {T[]} items @param {number} width @param {(item: T, index: number) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
export async function together(items, width, work) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
