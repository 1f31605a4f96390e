import { rules } from '$lib/policy/wire';
import { session } from '$lib/session/session.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent }) => {
	// Who this is, is known once the layout has asked.
	await parent();
	return { set: session.may('members.manage') ? await rules() : null };
};
