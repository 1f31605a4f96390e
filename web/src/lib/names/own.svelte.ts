/** One's own name: taking another, asking for it, and what became of that. */
import { Problem } from '$lib/api/problem';
import { ownName, wantName, withdrawName, type OwnName } from './calls';

export class OwnNaming {
	own = $state.raw<OwnName>() as OwnName;
	problem = $state.raw<Problem | null>(null);
	busy = $state(false);

	constructor(first: OwnName) {
		this.own = first;
	}

	async refresh(): Promise<void> {
		this.own = await ownName().catch(() => this.own);
	}

	/** Whether it was taken; whether it waits says `own.request`. */
	want(name: string): Promise<boolean> {
		return this.#during(async () => {
			this.own = await wantName(name);
		});
	}

	withdraw(): Promise<boolean> {
		return this.#during(async () => {
			await withdrawName();
			await this.refresh();
		});
	}

	forget(): void {
		this.problem = null;
	}

	async #during(act: () => Promise<void>): Promise<boolean> {
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
