import { answer, api } from '$lib/api/client';
import type { PageLoad } from './$types';

export const load: PageLoad = async () => ({
	notifications: await answer(api.GET('/api/v1/me/notifications'))
});
