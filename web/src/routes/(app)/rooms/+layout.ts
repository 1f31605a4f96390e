import { live } from '$lib/live/store.svelte';
import { drafts } from '$lib/talk/drafts.svelte';
import type { LayoutLoad } from './$types';

/** The list of rooms is known before a room is drawn; what could not be loaded is said in the list. */
export const load: LayoutLoad = async ({ parent }) => {
	await parent();
	await Promise.all([drafts.start(live.me), live.start()]);
};
