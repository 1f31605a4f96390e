/** Looking after members, by whichever hands. */

/** @typedef {import('../harness/hands.mjs').Pointer | import('../harness/hands.mjs').Keyboard} Hands */

/**
 * Adds a member and makes an invitation.
 * @param {Hands} hands
 * @param {Record<string, any>} who
 * @returns {Promise<string>} the invitation's link
 */
export async function addMember(hands, who) {
  const { page } = hands;
  return page.evaluate(async (who) => {
    const call = async (path, body) => (await fetch(`/api/v1${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json();
    const { password, login, ...rest } = who;
    const m = await call('/members', { kind: 'employee', ...rest, ...(login ? { login } : {}) });
    return (await call('/invitations', { members: [m.id] }))[0].url;
  }, who);
}
