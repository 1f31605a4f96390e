import { language } from '$lib/i18n/language.svelte';
import { theme } from '$lib/i18n/theme.svelte';
import { Problem } from '$lib/api/problem';
import { m } from '$lib/paraglide/messages';
import type { HandleClientError } from '@sveltejs/kit';

/** Before the first page: a sign-in screen already speaks the reader's language, in their light. */
export function init(): void {
	language.start();
	theme.start();
}

/** What a page's load threw and nobody foresaw. A Problem keeps its words; anything else is our own fault. */
export const handleError: HandleClientError = ({ error, status }) => {
	if (error instanceof Problem) return { message: error.words, code: error.code };
	if (status === 404) return { message: m.lost_body(), code: 'not_found' };
	console.error(error);
	return { message: m.broken_body(), code: 'client' };
};
