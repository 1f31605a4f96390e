import { redirect } from '@sveltejs/kit';
import { answer, api } from '$lib/api/client';
import { doorway } from '$lib/session/guard';
import type { PageLoad } from './$types';

export const load: PageLoad = async () => {
	const welcome = await answer(api.GET('/api/v1/welcome'));
	const elsewhere = doorway('sign-in', welcome.set_up);
	if (elsewhere) redirect(307, elsewhere);
	return { welcome };
};
