import { redirect } from '@sveltejs/kit';
import { signInFor } from '$lib/session/guard';
import { session } from '$lib/session/session.svelte';

/** Whoever is not signed in goes straight to the door: the app itself is fetched by those who use it. */
export async function load(): Promise<never> {
	const known = session.me ? 'in' : await session.load().catch(() => 'in');
	redirect(307, known === 'in' ? '/rooms' : signInFor('/rooms'));
}
