import { redirect } from '@sveltejs/kit';
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { standing, type Standing } from '$lib/factors/calls';
import { doorway, safeReturn } from '$lib/session/guard';
import type { PageLoad } from './$types';

/** Whoever is already on the way in goes on where they stood; whoever is in goes where they were going. */
export const load: PageLoad = async ({ url }) => {
	const [welcome, known] = await Promise.all([answer(api.GET('/api/v1/welcome')), entered()]);
	const elsewhere = doorway('sign-in', welcome.set_up);
	if (elsewhere) redirect(307, elsewhere);
	if (known && !known.needs) redirect(307, safeReturn(url.searchParams.get('to')));
	return { welcome, standing: known };
};

async function entered(): Promise<Standing | null> {
	try {
		return await standing();
	} catch (thrown) {
		if (Problem.from(thrown).status === 401) return null;
		throw thrown;
	}
}
