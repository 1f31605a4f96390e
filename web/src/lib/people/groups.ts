/** How the directory is laid out: by the tree of departments, by kana rows, and by what is searched for. Pure. */
import type { Department, Member } from '$lib/api/types';
import { byKana, fold, rowOf, ROWS, type Row } from './kana';

export type Branch = {
	department: Department;
	members: Member[];
	branches: Branch[];
	/** Everyone here and below, each counted once. */
	count: number;
};

export type Register = {
	branches: Branch[];
	/** Insiders of no department. */
	loose: Member[];
	/** Partners, whichever department invited them. */
	outside: Member[];
	bots: Member[];
};

const here = (member: Member): boolean => member.state !== 'left';

/** The tree with people in it; leavers are found by searching only. */
export function byDepartment(members: Iterable<Member>, departments: readonly Department[]): Register {
	const people = [...members].filter(here).sort(byKana);
	const insiders = people.filter((member) => member.kind === 'employee' || member.kind === 'part_time');
	const known = new Set(departments.map((department) => department.id));

	const grow = (
		parent: string | null,
		above: ReadonlySet<string>
	): { branches: Branch[]; ids: Set<string> } => {
		const ids = new Set<string>();
		const branches = departments
			.filter((one) => one.parent === parent && !above.has(one.id))
			.sort((a, b) => a.order - b.order || a.name.localeCompare(b.name, 'ja'))
			.map((department) => {
				const own = insiders.filter((member) =>
					member.departments.some((placement) => placement.department === department.id)
				);
				const below = grow(department.id, new Set([...above, department.id]));
				const all = new Set([...own.map((member) => member.id), ...below.ids]);
				for (const id of all) ids.add(id);
				return { department, members: own, branches: below.branches, count: all.size };
			});
		return { branches, ids };
	};

	return {
		branches: grow(null, new Set()).branches,
		loose: insiders.filter((member) => !member.departments.some((one) => known.has(one.department))),
		outside: people.filter((member) => member.kind === 'partner'),
		bots: people.filter((member) => member.kind === 'bot')
	};
}

/** あ か さ … 他, only rows with someone in them. */
export function byRow(members: Iterable<Member>): { row: Row; members: Member[] }[] {
	const rows = new Map<Row, Member[]>();
	for (const member of [...members].filter(here).sort(byKana)) {
		const row = rowOf(member.family_kana);
		const line = rows.get(row);
		if (line) line.push(member);
		else rows.set(row, [member]);
	}
	return [...ROWS, '他' as const].flatMap((row) => {
		const found = rows.get(row);
		return found ? [{ row, members: found }] : [];
	});
}

/** Whether every word of the query is found in a name, reading, staff number, company or position. */
export function matches(member: Member, query: string): boolean {
	const words = query
		.split(/[\s　]+/u)
		.map(fold)
		.filter(Boolean);
	if (words.length === 0) return true;
	const text = [
		member.family_name + member.given_name,
		member.display_name,
		member.family_kana + member.given_kana,
		member.staff_number ?? '',
		member.company ?? '',
		...member.departments.map((one) => one.position ?? '')
	].map(fold);
	return words.every((word) => text.some((line) => line.includes(word)));
}

/** Those who match, leavers last. */
export function search(members: Iterable<Member>, query: string): Member[] {
	return [...members]
		.filter((member) => matches(member, query))
		.sort((a, b) => Number(!here(a)) - Number(!here(b)) || byKana(a, b));
}
