/** Where this person is signed in, and ending what they do not know. */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { SessionEntry } from '$lib/api/types';

export class Sessions {
	list = $state.raw<readonly SessionEntry[]>([]);
	problem = $state.raw<Problem | null>(null);

	constructor(list: readonly SessionEntry[]) {
		this.list = [...list].sort((a, b) => Number(b.current) - Number(a.current) || b.last_seen - a.last_seen);
	}

	/** `true`: it has ended. */
	async end(id: string): Promise<boolean> {
		this.problem = null;
		try {
			await answer(api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } }));
			this.list = this.list.filter((entry) => entry.id !== id);
			return true;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			return false;
		}
	}
}
