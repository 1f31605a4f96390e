/**
 * The one way to the server. Every call answers with the body or throws a `Problem`; a session that is no longer
 * there is told to `whenSignedOut` once, so that no screen has to handle it.
 */
import createClient from 'openapi-fetch';
import { Problem } from './problem';
import type { paths } from './schema';

/** Typed by path. Wrap a call in `answer`. */
export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin' });

let signedOut: () => void = () => {};

/** What to do when the server no longer knows this session. */
export function whenSignedOut(act: () => void): void {
	signedOut = act;
}

type Outcome<T> = { data?: T; error?: unknown; response: Response };

/** The body of a good answer; otherwise throws a `Problem`. */
export async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
	let outcome: Outcome<T>;
	try {
		outcome = await call;
	} catch (cause) {
		throw Problem.network(cause);
	}
	if (outcome.response.ok) return outcome.data as T;
	const problem = Problem.refused(outcome.response.status, outcome.error);
	if (problem.code === 'session.missing') signedOut();
	throw problem;
}
