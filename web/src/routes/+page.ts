import { redirect } from '@sveltejs/kit';
import { signInFor } from '$lib/session/guard';
import { session } from '$lib/session/session.svelte';

/** Whoever is not signed in goes straight to the door: the app itself is fetched by those who use it. */
export async function load(): Promise<never> {
	const known = session.me !== null || (await session.load().catch(() => true));
	redirect(307, known ? '/rooms' : signInFor('/rooms'));
}
