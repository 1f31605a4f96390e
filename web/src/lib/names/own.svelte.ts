/** One's own name: taking another, asking for it, and what became of that. */
import { Attempts } from '$lib/parts/attempts.svelte';
import { ownName, wantName, withdrawName, type OwnName } from './calls';

export class OwnNaming extends Attempts {
	own = $state.raw<OwnName>() as OwnName;

	constructor(first: OwnName) {
		super();
		this.own = first;
	}

	async refresh(): Promise<void> {
		this.own = await ownName().catch(() => this.own);
	}

	/** Whether it was taken; whether it waits says `own.request`. */
	want(name: string): Promise<boolean> {
		return this.attempt(async () => {
			this.own = await wantName(name);
		});
	}

	withdraw(): Promise<boolean> {
		return this.attempt(async () => {
			await withdrawName();
			await this.refresh();
		});
	}

	forget(): void {
		this.problem = null;
	}
}
