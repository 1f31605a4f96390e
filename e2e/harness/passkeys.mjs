/**
 * A device beside the browser that keeps passkeys and knows its owner (Chromium's virtual authenticator).
 *
 * It stays true that passkeys are made and shown by the browser itself, and only with the owner's finger at hand.
 */

/**
 * Gives a window a device that keeps passkeys and knows its owner; it answers by itself only `while` its owner says so.
 * @param {import('./browser.mjs').Window} window
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
      ctap2Version: 'ctap2_1',
      hasPrf: true,
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
