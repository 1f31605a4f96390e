/**
 * Authenticator apps of the people in a journey (RFC 6238: SHA-1, six digits, 30 seconds).
 *
 * It stays true that no code is given out twice: the server takes each once.
 */
import { createHmac } from 'node:crypto';

const STEP = 30_000;
/** How long a code is on its way at most, in ms: typing by hand included. */
const ON_ITS_WAY = 5_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Base 32 (RFC 4648), as the server spells a seed. */
function read(/** @type {string} */ spelled) {
  let bits = '';
  for (const letter of spelled.replace(/=+$/, '')) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  const bytes = bits.match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

/** The code of one step. */
export function codeAt(/** @type {string} */ spelled, /** @type {number} */ step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', read(spelled)).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** One entry of an authenticator app. */
export class App {
  #spelled = '';
  #last = 0;

  /** Takes a seed, in the place of the one before. */
  learn(/** @type {string} */ spelled) {
    this.#spelled = spelled;
    this.#last = 0;
    return this;
  }

  /**
   * The next code that the server takes. It allows a step before and after the present one; when those are used up, this
   * waits for the next.
   * @returns {Promise<string>}
   */
  async code() {
    if (!this.#spelled) throw new Error('this app knows no seed: nobody enrolled it');
    const present = () => Math.floor(Date.now() / STEP);
    // The step before counts only while it stays the one before until the code arrives.
    const first = () => Math.floor((Date.now() + ON_ITS_WAY) / STEP) - 1;
    while (Math.max(this.#last + 1, first()) > present() + 1) {
      await new Promise((resolve) => setTimeout(resolve, STEP - (Date.now() % STEP) + 10));
    }
    this.#last = Math.max(this.#last + 1, first());
    return codeAt(this.#spelled, this.#last);
  }

  /** The code given out last. */
  get used() {
    return codeAt(this.#spelled, this.#last);
  }
}

/** @type {Map<string, App>} */
const apps = new Map();

/** The app of whoever signs in to this server with this login. */
export function authenticator(/** @type {string} */ url, /** @type {string} */ login) {
  const key = `${url} ${login}`;
  const app = apps.get(key) ?? new App();
  apps.set(key, app);
  return app;
}
