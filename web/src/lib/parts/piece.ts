/**
 * Fetches a piece of the app that does not come with the first page.
 *
 * What must stay true: a piece that is out of reach is no fault of the page. It is asked for again, soon at first and
 * when the line returns, until it is there; so what waits for one shows that it waits, and never has to give up.
 */

/** Milliseconds before the second attempt; twice as long before each further one, up to the longest. */
const SOON = 500;
const LONGEST = 30_000;

/** `load` is written as `() => import('…')`: the bundler reads it. */
export async function piece<T>(load: () => Promise<T>, pause = untilLine): Promise<T> {
	for (let wait = SOON; ; wait = Math.min(wait * 2, LONGEST)) {
		try {
			return await load();
		} catch {
			await pause(wait);
		}
	}
}

/** Resolves after `ms`, or as soon as the browser says that there is a line again. */
function untilLine(ms: number): Promise<void> {
	return new Promise((done) => {
		const end = () => {
			clearTimeout(timer);
			removeEventListener('online', end);
			done();
		};
		const timer = setTimeout(end, ms);
		addEventListener('online', end);
	});
}
