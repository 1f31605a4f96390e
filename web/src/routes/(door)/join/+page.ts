import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { PageLoad } from './$types';

/** The token stands in the fragment only: a browser sends that to no server, and no log can hold it (R2). */
export const load: PageLoad = async () => {
	const token = decodeURIComponent(location.hash.slice(1));
	if (!token) return { token, look: null, problem: null };
	try {
		return {
			token,
			look: await answer(api.POST('/api/v1/invitations/look', { body: { token } })),
			problem: null
		};
	} catch (thrown) {
		return { token, look: null, problem: Problem.from(thrown) };
	}
};
