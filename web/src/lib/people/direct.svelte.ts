/** Opens the talk between two people: the one they have, or a new one under an id made here, so that a retry is harmless. */
import { answer, api } from '$lib/api/client';
import { newId } from '$lib/live/uuid';
import { Attempts } from '$lib/parts/attempts.svelte';

export class DirectTalk extends Attempts {
	#room = newId();

	/** The room to go to, or nothing when it was refused. */
	async open(member: string): Promise<string | null> {
		const params = { path: { member } };
		let opened: string | null = null;
		await this.attempt(async () => {
			const room = await answer(api.PUT('/api/v1/direct/{member}', { params, body: { room: this.#room } }));
			opened = room.id;
		});
		return opened;
	}
}
