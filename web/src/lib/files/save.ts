/** Saves a file where the browser saves: the link is made for this one time, and journaled by the server. */
import { Problem } from '$lib/api/problem';
import { announce } from '$lib/parts/announce.svelte';
import * as calls from './calls';
import type { FileInfo } from './wire';

export async function save(file: Pick<FileInfo, 'id' | 'name'>): Promise<void> {
	try {
		const url = await calls.open(file.id, 'download');
		const link = document.createElement('a');
		link.href = url;
		link.download = file.name;
		link.click();
	} catch (thrown) {
		announce.say(Problem.from(thrown).words);
	}
}
