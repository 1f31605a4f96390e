/**
 * A push service on this machine and what a browser holds to be reached by it.
 *
 * It stays true that what comes in is opened by an implementation of RFC 8291 that is not the server's.
 */
import assert from 'node:assert/strict';
import { createECDH, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import ece from 'http_ece';

import { PATIENCE } from './browser.mjs';

/** Longer than any notification takes: what has not come by then does not come. */
const SILENCE = 4_000;

export const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A browser's push service on this machine: keeps what it is given and answers as told. */
export class Service {
  /** @type {{path: string, headers: import('node:http').IncomingHttpHeaders, body: Buffer, at: number}[]} */
  taken = [];
  /** @type {[number, Record<string, string>][]} answers for the next requests; 201 when none is left */
  answers = [];

  static async start() {
    const service = new Service();
    service.http = createServer(async (request, response) => {
      const pieces = [];
      for await (const piece of request) pieces.push(piece);
      const { url: path = '', headers } = request;
      service.taken.push({ path, headers, body: Buffer.concat(pieces), at: performance.now() });
      const [status, more] = service.answers.shift() ?? [201, {}];
      response.writeHead(status, more).end('x'.repeat(100_000));
    });
    await new Promise((resolve) => service.http?.listen(0, '127.0.0.1', () => resolve(null)));
    return service;
  }

  get url() {
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.http?.address());
    return `http://127.0.0.1:${port}`;
  }

  /** The next notification. */
  async next(within = PATIENCE) {
    for (const until = performance.now() + within; performance.now() < until; await pause(20)) {
      const next = this.taken.shift();
      if (next) return next;
    }
    assert.fail('no notification came');
  }

  async nothing() {
    await pause(SILENCE);
    assert.equal(this.taken.length, 0, 'nothing leaves');
  }

  stop() {
    this.http?.closeAllConnections();
    return new Promise((resolve) => this.http?.close(resolve));
  }
}

/** What a browser makes to be reached by. */
export function browserKeys() {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  return { pair, auth: randomBytes(16) };
}

/**
 * What gives the worker of this page's browser a push, as the browser's service would: also when the page has left.
 * @param {import('playwright-core').Page} page @param {string} origin
 * @returns {Promise<(payload: object) => Promise<void>>}
 */
export async function pusher(page, origin) {
  const devtools = await page.context().newCDPSession(page);
  const registration = new Promise((resolve) =>
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) =>
      registrations[0] && resolve(registrations[0].registrationId)));
  await devtools.send('ServiceWorker.enable');
  const registrationId = /** @type {string} */ (await registration);
  return async (payload) => {
    await devtools.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: JSON.stringify(payload) });
  };
}

/** What is shown by the system now. @param {import('playwright-core').Page} page */
export const shown = (page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return ((await registration?.getNotifications()) ?? []).map(({ title, body }) => `${title}|${body}`).sort();
  });

/** @param {ReturnType<typeof browserKeys>} keys @param {Buffer} body */
export function opened({ pair, auth }, body) {
  const plain = ece.decrypt(body, {
    version: 'aes128gcm',
    privateKey: pair,
    authSecret: auth.toString('base64url'),
  });
  return JSON.parse(plain.toString('utf8'));
}
