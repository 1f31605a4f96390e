/**
 * What can wait until the page has what it needs.
 *
 * What must stay true: nothing that waits here takes the line from a page that is just loading.
 */

/** Milliseconds of a load that are the page's alone, and the longest wait for an idle moment after them. */
const FIRST = 2_000;
const WITHIN = 8_000;

/** Resolves when the page stands, `after` ms have passed and nothing urgent is to be done. */
export async function quiet(after = FIRST): Promise<void> {
	if (document.readyState !== 'complete')
		await new Promise((done) => addEventListener('load', done, { once: true }));
	await new Promise((done) => setTimeout(done, after));
	// Safari knows no idle moments.
	if (typeof requestIdleCallback === 'function')
		await new Promise((done) => requestIdleCallback(done, { timeout: WITHIN }));
}
