/** Opens the talk between two people: the one they have, or a new one under an id made here, so that a retry is harmless. */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { newId } from '$lib/live/uuid';

export class DirectTalk {
	busy = $state(false);
	problem = $state.raw<Problem | null>(null);
	#room = newId();

	/** The room to go to, or nothing when it was refused. */
	async open(member: string): Promise<string | null> {
		if (this.busy) return null;
		this.busy = true;
		this.problem = null;
		try {
			const params = { path: { member } };
			const room = await answer(api.PUT('/api/v1/direct/{member}', { params, body: { room: this.#room } }));
			return room.id;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			return null;
		} finally {
			this.busy = false;
		}
	}
}
