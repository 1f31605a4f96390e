import { Problem } from '$lib/api/problem';
import { announce } from './announce.svelte';

/** Runs an act; a refusal is said in words. */
export async function attempt(act: Promise<unknown>): Promise<boolean> {
	try {
		await act;
		return true;
	} catch (thrown) {
		announce.say(Problem.from(thrown).words);
		return false;
	}
}
