/** What another app shared, on its way into a room. */
import { local } from '$lib/local/local';
import { piece } from '$lib/parts/piece';
import { drafts } from '$lib/talk/drafts.svelte';
import type { Shared } from './words';
import { worker } from './worker.svelte';

export interface Parcel {
	text: string;
	files: File[];
}

/** What came under this id; `null`: nothing, or it was taken already. */
export async function open(id: string): Promise<Parcel | null> {
	const kept = await local.get<Shared>('shared', id);
	if (kept) {
		const files = await Promise.all(kept.files.map((file) => local.file(file)));
		return { text: kept.text, files: files.filter((file) => file !== null) };
	}
	const handed = await worker.ask<Shared & { blobs: File[] }>({ t: 'shared', id });
	if (!handed) return null;
	const parcel = { text: handed.text, files: handed.blobs };
	await keep(id, parcel);
	return parcel;
}

/** The worker gives it away once: it lies here until a room is chosen. */
async function keep(id: string, { text, files }: Parcel): Promise<void> {
	const ids = files.map((_, index) => `${id}-${index}`);
	for (const [index, file] of files.entries()) await local.keepFile(`${id}-${index}`, file);
	await local.put<Shared>('shared', id, { text, files: ids });
}

/** Lays it beside what is being written in the room: the words after those that stand there, the files attached. */
export async function lay(id: string, { text, files }: Parcel, room: string): Promise<void> {
	if (text) {
		const draft = drafts.get(room) ?? { text: '', picked: [], label: null, reply_to: null };
		drafts.set(room, { ...draft, text: draft.text ? `${draft.text}\n${text}` : text });
	}
	if (files.length > 0) {
		const { trays } = await piece(() => import('$lib/files/trays.svelte'));
		trays.add(room, files);
	}
	await discard(id);
}

export async function discard(id: string): Promise<void> {
	const kept = await local.get<Shared>('shared', id);
	await local.drop('shared', id);
	for (const file of kept?.files ?? []) await local.dropFile(file);
}
