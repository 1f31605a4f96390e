/** The tree of departments as it is being arranged. Pure walks first, then the calls. */
import { answer, api } from '$lib/api/client';
import type { Department } from '$lib/api/types';
import { Attempts } from '$lib/parts/attempts.svelte';
import { directory } from '$lib/people/directory.svelte';

export type Node = { department: Department; depth: number; first: boolean; last: boolean };

const inOrder = (a: Department, b: Department) => a.order - b.order || a.name.localeCompare(b.name, 'ja');

/** Children of one parent, in order. */
export function children(all: readonly Department[], parent: string | null): Department[] {
	return all.filter((one) => one.parent === parent).sort(inOrder);
}

/** The whole tree as lines, parents before children. */
export function lines(all: readonly Department[], parent: string | null = null, depth = 0): Node[] {
	const level = children(all, parent);
	return level.flatMap((department, index) => [
		{ department, depth, first: index === 0, last: index === level.length - 1 },
		...lines(all, department.id, depth + 1)
	]);
}

/** A department and all below it: where it cannot be moved to. */
export function within(all: readonly Department[], top: string): Set<string> {
	return new Set([top, ...lines(all, top).map((line) => line.department.id)]);
}

/** Every department as a choice, indented by full-width spaces so that the tree shows in a native list. */
export function choices(all: readonly Department[], except: ReadonlySet<string> = new Set()) {
	return lines(all)
		.filter((line) => !except.has(line.department.id))
		.map((line) => ({ value: line.department.id, words: '　'.repeat(line.depth) + line.department.name }));
}

export class DepartmentEditor extends Attempts {
	add(name: string, parent: string | null): Promise<boolean> {
		return this.#try(() => answer(api.POST('/api/v1/departments', { body: { name: name.trim(), parent } })));
	}

	rename(id: string, name: string): Promise<boolean> {
		return this.#change(id, { name: name.trim() });
	}

	move(id: string, parent: string | null): Promise<boolean> {
		return this.#change(id, { parent });
	}

	/** One place up (−1) or down (1) among its neighbours. */
	shift(department: Department, by: -1 | 1): Promise<boolean> {
		const level = children(directory.departments, department.parent);
		const at = level.findIndex((one) => one.id === department.id);
		const neighbour = level[at + by];
		if (!neighbour) return Promise.resolve(false);
		[level[at], level[at + by]] = [neighbour, department];
		// Orders are rewritten where they differ: two departments made at once may share a number.
		return this.#try(async () => {
			for (const [order, one] of level.entries()) {
				if (one.order !== order) await this.#patch(one.id, { order });
			}
		});
	}

	remove(id: string): Promise<boolean> {
		return this.#try(() => answer(api.DELETE('/api/v1/departments/{id}', { params: { path: { id } } })));
	}

	#change(id: string, body: { name?: string; parent?: string | null }): Promise<boolean> {
		return this.#try(() => this.#patch(id, body));
	}

	#patch(id: string, body: { name?: string; parent?: string | null; order?: number }) {
		return answer(api.PATCH('/api/v1/departments/{id}', { params: { path: { id } }, body }));
	}

	#try(call: () => Promise<unknown>): Promise<boolean> {
		return this.attempt(async () => {
			await call();
			await directory.reloadDepartments();
		});
	}
}
