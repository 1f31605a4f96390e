/**
 * The one way to the server. Every call answers with the body or throws a `Problem`. What may befall any call is handled
 * here, so that no screen has to: a session that is no longer there is told to `whenSignedOut`, one that is not complete
 * to `whenIncomplete`, and a call that wants a fresh proof asks for it and is made again.
 */
import createClient from 'openapi-fetch';
import { Problem } from './problem';
import type { paths } from './schema';

/** Typed by path. Wrap a call in `answer`. */
export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin', fetch: proved });

let signedOut: () => void = () => {};
let incomplete: () => void = () => {};
let prove: () => Promise<boolean> = () => Promise.resolve(false);

/** What to do when the server no longer knows this session. */
export function whenSignedOut(act: () => void): void {
	signedOut = act;
}

/** What to do when the server knows this session, but something is still needed before it opens anything. */
export function whenIncomplete(act: () => void): void {
	incomplete = act;
}

/** How to prove anew who sits here (R23). `false`: they would rather not. */
export function whenProofNeeded(act: () => Promise<boolean>): void {
	prove = act;
}

/** The very same call again, once the proof it wanted is given. */
async function proved(request: Request): Promise<Response> {
	const again = request.clone();
	const response = await fetch(request);
	if (response.status !== 403) return response;
	const problem = (await response
		.clone()
		.json()
		.catch(() => null)) as { code?: unknown } | null;
	return problem?.code === 'proof.needed' && (await prove()) ? fetch(again) : response;
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
	if (problem.code === 'session.incomplete') incomplete();
	throw problem;
}
