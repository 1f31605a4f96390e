/** Members from a file: read and shown first, written only when every line is right. */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { ImportPreview, MemberDetail } from '$lib/api/types';
import { m } from '$lib/paraglide/messages';
import { directory } from '$lib/people/directory.svelte';

/** Some 50,000 lines; more is surely another file. Bytes. */
const LARGEST = 5_000_000;

export class CsvImport {
	name = $state('');
	preview = $state.raw<ImportPreview | null>(null);
	added = $state.raw<readonly MemberDetail[] | null>(null);
	busy = $state(false);
	words = $state('');
	#file: Blob | null = null;

	readonly bad = $derived(this.preview?.rows.filter((row) => row.errors.length > 0).length ?? 0);

	async read(file: File): Promise<void> {
		if (this.busy) return;
		this.clear();
		if (file.size > LARGEST) {
			this.words = m.import_too_big();
			return;
		}
		// The bytes as they are: the server finds out whether they are UTF-8 or Shift_JIS.
		this.#file = new Blob([await file.arrayBuffer()], { type: 'text/csv' });
		this.name = file.name;
		await this.#try(async (body) => {
			this.preview = await answer(api.POST('/api/v1/members/import/preview', asCsv(body)));
		});
	}

	async write(): Promise<void> {
		if (this.busy || !this.preview?.ok) return;
		await this.#try(async (body) => {
			const { members } = await answer(api.POST('/api/v1/members/import', asCsv(body)));
			this.added = members;
			for (const member of members) directory.put(member);
			await directory.reloadDepartments();
		});
	}

	clear(): void {
		this.name = this.words = '';
		this.preview = this.added = this.#file = null;
	}

	async #try(call: (file: Blob) => Promise<void>): Promise<void> {
		if (!this.#file) return;
		this.busy = true;
		this.words = '';
		try {
			await call(this.#file);
		} catch (thrown) {
			this.words = Problem.from(thrown).words;
		} finally {
			this.busy = false;
		}
	}
}

// The generated type of a CSV body is a string; what goes over the wire is bytes.
const asCsv = (file: Blob) => ({ body: file as unknown as string });
