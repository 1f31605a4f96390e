/** Takes a letter out of the outbox and lays it on the desk again, to be changed and sent anew. */
import type { Entry } from '$lib/live/outbox';
import { live } from '$lib/live/store.svelte';
import { piece } from '$lib/parts/piece';
import type { Desk } from './desk.svelte';
import { drafts } from './drafts.svelte';
import { fromWire } from './mentions';
import { mentionName } from './names';

export async function rewrite(entry: Entry, desk: Desk): Promise<void> {
	const letter = await live.discard(entry.id);
	if (!letter) return;
	if (letter.files.length > 0)
		void piece(() => import('$lib/files/uploads.svelte')).then(({ uploads }) =>
			uploads.take(letter.files, false)
		);
	const { text, picked } = fromWire(letter.text, mentionName);
	desk.editing = null;
	desk.replying = null;
	drafts.set(letter.room, { text, picked: [...picked], label: letter.label, reply_to: letter.reply_to });
	desk.write();
}
