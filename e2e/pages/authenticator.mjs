/**
 * What people hold beside the browser: an app that shows six digits, and a device that keeps passkeys.
 *
 * It stays true that the app shows what the standard says for its secret and the hour (RFC 6238: SHA-1, six digits,
 * thirty seconds), and that passkeys are made and shown by the browser itself.
 */
import { createHmac } from 'node:crypto';

const STEP_MS = 30_000;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** @param {string} secret base32 @param {number} step */
function digits(secret, step) {
  let bits = '';
  for (const letter of secret) bits += LETTERS.indexOf(letter).toString(2).padStart(5, '0');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 0x0f) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** An authenticator app with one entry. */
export class Authenticator {
  #last = 0;

  constructor(/** @type {string} */ secret) {
    this.secret = secret;
  }

  /** Digits that were not shown before: the next half minute's count already (RFC 6238 §5.2), later ones are waited for. */
  async next() {
    for (;;) {
      const now = Math.floor(Date.now() / STEP_MS);
      const step = Math.max(now, this.#last + 1);
      if (step <= now + 1) {
        this.#last = step;
        return digits(this.secret, step);
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** The digits that `next` gave last. */
  get used() {
    return digits(this.secret, this.#last);
  }
}

/**
 * Gives a window a device that keeps passkeys and knows its owner. It answers a question by itself only while `here`.
 * @param {import('../harness/browser.mjs').Window} window
 */
export async function keyring(window) {
  const cdp = await window.context.newCDPSession(window.page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: false,
    },
  });
  return {
    /** Does something with the owner's finger at hand. @param {() => Promise<unknown>} act */
    async while(act) {
      await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: true });
      await act();
      await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: false });
    },
    /** How many passkeys it keeps. */
    async count() {
      return (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length;
    },
  };
}
