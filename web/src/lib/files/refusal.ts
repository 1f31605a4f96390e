/** A refusal about files in words; where the server counts in bytes, in sizes people know. */
import type { Problem } from '$lib/api/problem';
import { m } from '$lib/paraglide/messages';
import { sizeWords } from './size';

export function refusalWords(problem: Problem): string {
	const { limit, used } = problem.facts;
	const size = (bytes: unknown) => (typeof bytes === 'number' ? sizeWords(bytes) : '');
	switch (problem.code) {
		case 'file.too_large':
			return m.files_too_large({ limit: size(limit) });
		case 'quota.organisation_full':
			return m.files_organisation_full({ limit: size(limit), used: size(used) });
		case 'quota.member_full':
			return m.files_member_full({ limit: size(limit), used: size(used) });
		default:
			return problem.words;
	}
}
