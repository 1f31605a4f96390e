/** Hands a file to another app of the device, where the browser can and the rules of this device let it. */
import { Problem } from '$lib/api/problem';
import { announce } from '$lib/parts/announce.svelte';
import { m } from '$lib/paraglide/messages';
import { may } from '$lib/policy/may';
import * as calls from './calls';
import type { FileInfo } from './wire';

/** Browsers hold the whole file in memory for it. */
const MOST = 50 * 1024 * 1024;

/** Whether it can be offered. Phones can; most desks cannot. */
export function shares(file: FileInfo): boolean {
	if (!may().share || file.size > MOST || !('canShare' in navigator)) return false;
	return navigator.canShare({ files: [new File([], file.name, { type: file.media })] });
}

export async function share(file: FileInfo): Promise<void> {
	try {
		const answer = await fetch(await calls.open(file.id, 'download'));
		if (!answer.ok) throw Problem.refused(answer.status, await answer.json().catch(() => null));
		const handed = new File([await answer.blob()], file.name, { type: file.media });
		await navigator.share({ files: [handed] });
	} catch (thrown) {
		if (thrown instanceof DOMException) {
			// Closed by whoever holds the phone, or too long ago pressed for the browser to still allow it.
			if (thrown.name !== 'AbortError') announce.say(m.files_share_failed());
		} else announce.say(Problem.from(thrown).words);
	}
}
