/**
 * What every page knows of the app lock: whether this browser has one at all. Everything else is fetched only then.
 *
 * What must stay true: no page of the app is drawn, and nothing kept is read, while a lock stands before it.
 */
import type { Me } from '$lib/api/types';
import { keep, kept } from '$lib/i18n/keep';
import { local } from '$lib/local/local';

/** `set`: somebody of this browser has a lock · `leave`: the session is to be ended before anything else. */
type Mark = 'set' | 'leave';
export const noteLock = (mark: Mark | null): void => keep('lock', mark);
export const lockNoted = (): Mark | null => kept('lock') as Mark | null;

/** Whoever uses this page has opened their lock, or has none. */
export const gate = { open: false };

/** Minutes of rest after which the organisation wants the app locked; `null`: it leaves that to its members. */
export const demanded = (me: Me | null): number | null =>
	(me as (Me & { policy?: { app_lock_minutes?: number | null } }) | null)?.policy?.app_lock_minutes ?? null;

/** Whether the lock comes first: to be opened, or to be set by somebody who must have one. */
export const barred = (me: Me | null): boolean =>
	lockNoted() !== null && !gate.open ? true : demanded(me) !== null && !local.guarded;

export const lockFor = (path: string): string => `/lock?to=${encodeURIComponent(path)}`;
