import { redirect } from '@sveltejs/kit';
import { browser } from '$app/environment';
import { codeIn } from '$lib/device/code';
import { kept } from '$lib/device/enrolment-code';
import type { PageLoad } from './$types';

/** Where the QR of a code leads: signing in comes first, and the code is filled in after that. */
export const load: PageLoad = ({ url }) => {
	if (browser) kept.code = codeIn(decodeURIComponent(url.hash.slice(1) || location.hash.slice(1))) ?? '';
	redirect(307, '/sign-in');
};
