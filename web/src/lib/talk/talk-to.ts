import { goto } from '$app/navigation';
import * as calls from '$lib/live/calls';
import { live } from '$lib/live/store.svelte';
import { newId } from '$lib/live/uuid';
import { attempt } from '$lib/parts/attempt';

/** Goes to the talk with one person, new or old. `false`: it was refused, and that was said. */
export const talkTo = (member: string): Promise<boolean> =>
	attempt(
		calls.direct(member, newId()).then(async (room) => {
			live.adopt(room);
			await goto(`/rooms/${room.id}`);
		})
	);
