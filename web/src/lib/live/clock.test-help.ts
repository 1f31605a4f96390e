/** Timers that run when the test says so. */
export class Clock {
	#now = 0;
	#jobs: { at: number; act: () => void }[] = [];

	later = (act: () => void, ms: number) => {
		const job = { at: this.#now + ms, act };
		this.#jobs.push(job);
		return job;
	};

	cancel = (job: unknown) => {
		this.#jobs = this.#jobs.filter((one) => one !== job);
	};

	get waiting() {
		return this.#jobs.length;
	}

	/** Lets `ms` pass; what the jobs promise is settled before this returns. */
	async pass(ms: number) {
		const end = this.#now + ms;
		await settle();
		for (;;) {
			const next = this.#jobs.filter((job) => job.at <= end).sort((a, b) => a.at - b.at)[0];
			if (!next) break;
			this.#now = next.at;
			this.cancel(next);
			next.act();
			await settle();
		}
		this.#now = end;
	}
}

export const settle = () => new Promise<void>((done) => setImmediate(done));
