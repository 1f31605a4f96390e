import { open } from '$lib/app/shared';
import { live } from '$lib/live/store.svelte';
import { drafts } from '$lib/talk/drafts.svelte';
import type { PageLoad } from './$types';

/** What was shared, and the rooms it may go to. */
export const load: PageLoad = async ({ parent, url }) => {
	await parent();
	await Promise.all([drafts.start(live.me), live.start()]);
	const id = url.searchParams.get('id') ?? '';
	return { id, parcel: id ? await open(id) : null };
};
