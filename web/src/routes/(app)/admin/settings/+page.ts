import { answer, api } from '$lib/api/client';
import { session } from '$lib/session/session.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent }) => {
	// Who this is, is known once the layout has asked.
	await parent();
	return {
		settings: session.may('organisation.manage')
			? await answer(api.GET('/api/v1/organisation/settings'))
			: null
	};
};
