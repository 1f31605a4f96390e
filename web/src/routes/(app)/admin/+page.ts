import { redirect } from '@sveltejs/kit';
import { session } from '$lib/session/session.svelte';
import type { PageLoad } from './$types';

/** On a desk the table of members is the first page; a phone shows the contents. */
export const load: PageLoad = async ({ parent }) => {
	await parent();
	if (matchMedia('(max-width: 719px)').matches) return;
	if (session.may('members.manage')) redirect(307, '/admin/members');
	if (session.may('departments.manage')) redirect(307, '/admin/departments');
};
