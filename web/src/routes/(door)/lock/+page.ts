import { redirect } from '@sveltejs/kit';
import { local } from '$lib/local/local';
import { look } from '$lib/lock/engine';
import { safeReturn, signInFor } from '$lib/session/guard';
import type { PageLoad } from './$types';

/** Whoever's lock is open, or who has none, goes on to where they were going. */
export const load: PageLoad = async ({ url }) => {
	const to = safeReturn(url.searchParams.get('to'));
	const standing = await look();
	if (standing.is === 'open') redirect(307, to);
	if (standing.is === 'out') await local.wipe();
	if (standing.is === 'out' || standing.is === 'entering') redirect(307, signInFor(to));
	return { standing, to };
};
