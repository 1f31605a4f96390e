/** Where a refusal belongs: beside the field it names, or above the button. Pure. */
import type { Problem } from '$lib/api/problem';

/** Words for `field`, if the refusal is about it. */
export function at(problem: Problem | null, ...names: string[]): string | undefined {
	if (!problem) return undefined;
	for (const name of names) {
		const words = problem.field(name);
		if (words) return words;
	}
	return undefined;
}

/** Words for a field that one refusal is always about, though it names none. */
export function about(problem: Problem | null, code: string): string | undefined {
	return problem?.code === code ? problem.words : undefined;
}

/** Words that stand above the button: a refusal none of the fields on the page has taken. */
export function general(problem: Problem | null, shown: readonly string[]): string | undefined {
	if (!problem) return undefined;
	return problem.fields.some((field) => shown.includes(field)) ? undefined : problem.words;
}
