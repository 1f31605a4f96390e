/**
 * How much waits to be read, for the mark on the rail.
 *
 * What must stay true: a muted room counts only where I am named, as everywhere in the client.
 */
import { live } from './store.svelte';

class Unread {
	/** Messages in all rooms that call for a look. */
	get total(): number {
		let total = 0;
		for (const { room } of live.rooms.values())
			total += room.mine.muted ? room.mine.mentions : room.mine.unread;
		return total;
	}
}

export const unread = new Unread();
