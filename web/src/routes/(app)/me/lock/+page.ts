import { locks, possible } from '$lib/lock/engine';
import { session } from '$lib/session/session.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent }) => {
	await parent();
	const member = session.me?.member.id ?? '';
	return { lock: possible() ? await locks.get(member).catch(() => null) : null };
};
