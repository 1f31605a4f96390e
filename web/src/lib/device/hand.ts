/**
 * What every page knows of this browser's device: whether there is a key at all. Everything else is fetched only then.
 *
 * What must stay true: a browser that holds no key asks for nothing more than it did without devices.
 */
import { whenStale } from '$lib/api/client';
import { keep, kept } from '$lib/i18n/keep';
import { piece } from '$lib/parts/piece';

/** Why the last session ended, when it was not by its own wish. */
export type Why = 'locked' | 'wiped' | 'tries' | 'forgot';

export const holdsKey = (): boolean => kept('device') !== null;
export const noteKey = (there: boolean): void => keep('device', there ? '1' : null);

export const engine = () => piece(() => import('./engine'));
export const atDoor = () => piece(() => import('./door'));

/** What goes with a request for a socket's ticket. A session without a device needs nothing. */
export async function socketProof(): Promise<object> {
	return holdsKey() ? (await engine()).socketProof() : {};
}

/** Somebody is in, or on the way in: from now on the token is renewed before it ends. */
export function tend(): void {
	if (holdsKey()) void engine().then((device) => device.tend());
}

/** Another session was opened here: the one before is not renewed into its place. */
export async function began(session: string, device?: string): Promise<void> {
	if (holdsKey()) await (await engine()).began(session, device);
}

/** Where the door is, with why one stands before it. */
export const ended: { why: Why | null } = { why: null };

export function doorFor(path: string): string {
	if (!ended.why) return path;
	return `${path}${path.includes('?') ? '&' : '?'}why=${ended.why}`;
}

whenStale(async (since) => holdsKey() && (await engine()).fresh(since));
