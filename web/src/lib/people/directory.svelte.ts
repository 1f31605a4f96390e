/**
 * The people this member may see, and the departments. Loaded once per session, then kept current by the gateway's
 * `member` and `departments` frames through `put` and `reloadDepartments`.
 */
import { answer, api } from '$lib/api/client';
import type { Department, Member } from '$lib/api/types';
import { SvelteMap } from 'svelte/reactivity';

/** What a start without a line needs of it. */
export interface People {
	members: Member[];
	departments: readonly Department[];
}

class Directory {
	/** By member id. */
	readonly members = new SvelteMap<string, Member>();
	departments = $state.raw<readonly Department[]>([]);
	loaded = $state(false);
	/** Raised with every change. */
	version = 0;
	#loading: Promise<void> | null = null;

	/** As it was kept in this browser; the server is asked when there is a line. */
	fill({ members, departments }: People): void {
		for (const member of members) this.members.set(member.id, member);
		this.departments = departments;
		this.loaded = true;
		this.#loading = Promise.resolve();
	}

	snapshot(): People {
		return { members: [...this.members.values()], departments: this.departments };
	}

	/** Everyone once; later calls wait for the same load. Throws a `Problem`. */
	load(): Promise<void> {
		this.#loading ??= this.#all().catch((thrown) => {
			this.#loading = null;
			throw thrown;
		});
		return this.#loading;
	}

	/** Again from the start, after being away too long. */
	reload(): Promise<void> {
		this.#loading = null;
		return this.load();
	}

	member(id: string): Member | undefined {
		return this.members.get(id);
	}

	put(member: Member): void {
		this.members.set(member.id, member);
		this.version += 1;
	}

	async reloadDepartments(): Promise<void> {
		this.departments = await answer(api.GET('/api/v1/departments'));
		this.version += 1;
	}

	/** Names from the top: ["第一営業部", "駅前店"]. */
	path(department: string): string[] {
		const names: string[] = [];
		let next: string | null = department;
		// A cycle cannot be stored, but a tree that arrives in pieces must not hang the page.
		for (let depth = 0; next && depth < 32; depth++) {
			const found: Department | undefined = this.departments.find((one) => one.id === next);
			if (!found) break;
			names.unshift(found.name);
			next = found.parent;
		}
		return names;
	}

	clear(): void {
		this.members.clear();
		this.departments = [];
		this.loaded = false;
		this.#loading = null;
	}

	async #all(): Promise<void> {
		const departments = this.reloadDepartments();
		const seen = new Set<string>();
		let after: string | undefined;
		do {
			const query = { after, limit: 500 };
			const page = await answer(api.GET('/api/v1/members', { params: { query } }));
			for (const member of page.members) {
				seen.add(member.id);
				this.members.set(member.id, member);
			}
			after = page.next ?? undefined;
		} while (after);
		for (const id of this.members.keys()) if (!seen.has(id)) this.members.delete(id);
		await departments;
		this.loaded = true;
		this.version += 1;
	}
}

export const directory = new Directory();
