/**
 * The one way to the server. Every call answers with the body or throws a `Problem`. What may befall any call is handled
 * here, so that no screen has to: a session that is no longer there is told to `whenSignedOut`, one that is not complete
 * to `whenIncomplete`, rules that shut the app to `whenShut`; a call that wants a fresh proof asks for it and is made again, and so, once, is one whose token
 * had ended or been replaced meanwhile.
 */
import { Problem } from './problem';
import { client, type Outcome } from './request';

/** Typed by path. Wrap a call in `answer`. */
export const api = client(carried);

let signedOut: () => void = () => {};
let incomplete: () => void = () => {};
let shut: (why: Problem) => void = () => {};
let prove: () => Promise<boolean> = () => Promise.resolve(false);
let renew: (since: number) => Promise<boolean> = () => Promise.resolve(false);

/** What to do when the server no longer knows this session. */
export function whenSignedOut(act: () => void): void {
	signedOut = act;
}

/** What to do when the server knows this session, but something is still needed before it opens anything. */
export function whenIncomplete(act: () => void): void {
	incomplete = act;
}

/** What to do when the organisation's rules let nobody in now, or not from here. */
export function whenShut(act: (why: Problem) => void): void {
	shut = act;
}

/** How to prove anew who sits here (R23). `false`: they would rather not. */
export function whenProofNeeded(act: () => Promise<boolean>): void {
	prove = act;
}

/**
 * How to come by another token for this session. `since`: when the refused call set out. `false`: there is none to be
 * had; throws when that cannot be known.
 */
export function whenStale(act: (since: number) => Promise<boolean>): void {
	renew = act;
}

/** The very same call again, once the proof it wanted is given. Also for those who read the answer by themselves. */
export async function carried(request: Request): Promise<Response> {
	const again = request.clone();
	const response = await renewed(request);
	return (await codeOf(response, 403)) === 'proof.needed' && (await prove()) ? renewed(again) : response;
}

/** A token that another tab has just replaced looks like a session that is over: the renewal tells them apart. */
async function renewed(request: Request): Promise<Response> {
	const since = Date.now();
	const again = request.clone();
	const response = await fetch(request);
	const code = await codeOf(response, 401);
	const stale = code === 'session.stale' || code === 'session.missing';
	return stale && (await renew(since)) ? fetch(again) : response;
}

async function codeOf(response: Response, status: number): Promise<unknown> {
	if (response.status !== status) return undefined;
	const body = (await response
		.clone()
		.json()
		.catch(() => null)) as { code?: unknown } | null;
	return body?.code;
}

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
	if (problem.code === 'policy.hours' || problem.code === 'policy.network') shut(problem);
	throw problem;
}
