/**
 * What somebody asks for with a press, one at a time, and what came of it.
 *
 * What must stay true: a second press while the first is under way begins nothing, and a refusal stays to be read until
 * the next try.
 */
import { Problem } from '$lib/api/problem';

export abstract class Attempts {
	busy = $state(false);
	/** Why the last one failed. */
	problem = $state.raw<Problem | null>(null);

	/** `true`: it is done. */
	protected async attempt(act: () => Promise<unknown>): Promise<boolean> {
		if (this.busy) return false;
		this.busy = true;
		this.problem = null;
		try {
			await act();
			return true;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			return false;
		} finally {
			this.busy = false;
		}
	}
}
