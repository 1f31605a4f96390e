/**
 * How much waits to be read, for the mark on the rail.
 *
 * What must stay true: a room counts as much as I want to be told of it, as on the badge that the server sends.
 */
import { hears } from './hearing';
import { live } from './store.svelte';

class Unread {
	/** Messages in all rooms that call for a look. */
	get total(): number {
		let total = 0;
		for (const { room } of live.rooms.values()) total += hears(room);
		return total;
	}
}

export const unread = new Unread();
