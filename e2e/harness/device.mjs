/**
 * A person's device: the key pair that enrols it, signs challenges and renews its session, as any client has one.
 *
 * It stays true that nothing here goes round the wire; only to hand a key over to a browser that a journey opens is it made
 * extractable here, and it is not any more there.
 */
import { webcrypto } from 'node:crypto';

const { subtle } = webcrypto;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };

/** Where the web client keeps its keys (web/src/lib/device). */
export const STORE = { database: 'kairan-device', version: 1, store: 'keys' };

export class Device {
  /** @param {string} id @param {CryptoKeyPair} keys */
  constructor(id, keys) {
    this.id = id;
    this.keys = keys;
  }

  static async make(/** @type {string} */ id) {
    return new Device(id, /** @type {any} */ (await subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])));
  }

  /** The public key as on the wire. */
  async public() {
    return Buffer.from(await subtle.exportKey('raw', this.keys.publicKey)).toString('base64url');
  }

  /**
   * A fresh challenge of the server, signed.
   * @param {string} url @param {'sign-in' | 'renew' | 'socket' | 'enrol' | 'standing' | 'wiped'} purpose
   */
  async sign(url, purpose) {
    const answer = await fetch(`${url}/api/v1/session/challenge`, { method: 'POST', headers: { origin: url } });
    const { challenge } = await answer.json();
    const message = new TextEncoder().encode(`kairan-device-v1\n${purpose}\n${challenge}`);
    const signature = await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, this.keys.privateKey, message);
    return { challenge, signature: Buffer.from(signature).toString('base64url') };
  }

  /** @param {string} url @param {'sign-in' | 'renew' | 'socket'} purpose */
  async proof(url, purpose) {
    return { device: this.id, ...(await this.sign(url, purpose)) };
  }

  /**
   * Gives a browser this device's key, as if it had been enrolled there.
   * @param {import('playwright-core').BrowserContext} context
   * @param {{url: string, member: string, login: string, session: string}} whose
   */
  async plant(context, whose) {
    const page = await context.newPage();
    // A page of the server that runs nothing of the client, so that nobody reads before it is there.
    await page.goto(`${whose.url}/api/v1/welcome`);
    await page.evaluate(
      async ({ jwk, publicJwk, algorithm, place, row }) => {
        const sign = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']);
        const verify = await crypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify']);
        const database = await new Promise((done, fail) => {
          const opening = indexedDB.open(place.database, place.version);
          opening.onupgradeneeded = () => opening.result.createObjectStore(place.store, { keyPath: 'device' });
          opening.onsuccess = () => done(opening.result);
          opening.onerror = () => fail(opening.error);
        });
        await new Promise((done, fail) => {
          const transaction = database.transaction(place.store, 'readwrite');
          transaction.objectStore(place.store).put({ ...row, keys: { privateKey: sign, publicKey: verify } });
          transaction.oncomplete = () => done(null);
          transaction.onerror = () => fail(transaction.error);
        });
        database.close();
        localStorage.setItem('kairan.device', '1');
      },
      {
        jwk: await subtle.exportKey('jwk', this.keys.privateKey),
        publicJwk: await subtle.exportKey('jwk', this.keys.publicKey),
        algorithm: ALGORITHM,
        place: STORE,
        row: {
          device: this.id,
          login: whose.login,
          session: whose.session,
          renewed: Date.now(),
          stage: 'enrolled',
          wiped: null,
        },
      },
    );
    await page.close();
  }
}
