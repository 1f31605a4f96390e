/** Waiting before another try, in whole seconds that can be shown (R6). */
import type { Problem } from '$lib/api/problem';

export class Pause {
	/** Seconds left; 0: go on. */
	left = $state(0);
	#clock: ReturnType<typeof setInterval> | undefined;

	/** Begins when the server asked for it. `over` is called at its end. */
	begin(problem: Problem | null, over: () => void): void {
		if (problem?.code !== 'signin.slow') return;
		this.stop();
		this.left = Math.ceil(Number(problem.facts.retry_after_ms ?? 0) / 1000);
		this.#clock = setInterval(() => {
			this.left -= 1;
			if (this.left > 0) return;
			this.stop();
			over();
		}, 1000);
	}

	stop(): void {
		clearInterval(this.#clock);
		this.left = 0;
	}
}
