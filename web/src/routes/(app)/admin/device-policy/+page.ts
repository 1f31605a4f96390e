import { settings, terms } from '$lib/device/calls';
import { session } from '$lib/session/session.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent }) => {
	// Who this is, is known once the layout has asked.
	await parent();
	if (!session.may('organisation.manage')) return { settings: null, terms: null };
	const [found, text] = await Promise.all([settings(), terms()]);
	return { settings: found, terms: text };
};
