import { redirect } from '@sveltejs/kit';
import { answer, api, whenSignedOut } from '$lib/api/client';
import { live } from '$lib/live/store.svelte';
import { directory } from '$lib/people/directory.svelte';
import { signInFor } from '$lib/session/guard';
import { session } from '$lib/session/session.svelte';
import type { LayoutLoad } from './$types';

/** Nobody passes without a session; with one, people's names are known before the first page is drawn. */
export const load: LayoutLoad = async ({ url }) => {
	whenSignedOut(leave);
	if (!session.me && !(await session.load())) {
		const welcome = await answer(api.GET('/api/v1/welcome'));
		redirect(307, welcome.set_up ? signInFor(url.pathname + url.search) : '/setup');
	}
	await directory.load();
	// Not waited for: pages without rooms are drawn at once, and the rail counts when it knows.
	void live.start();
};

/** A whole new page: nothing of the ended session stays in memory. */
function leave(): void {
	if (session.ending) return;
	location.replace(signInFor(location.pathname + location.search));
}
