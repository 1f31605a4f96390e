/** The table of members: who stands in it, who is open beside it, and writing to the server. */
import { answer, api } from '$lib/api/client';
import type { Problem } from '$lib/api/problem';
import type { Member, MemberDetail, Role } from '$lib/api/types';
import { similarIn } from '$lib/names/calls';
import { m } from '$lib/paraglide/messages';
import { Attempts } from '$lib/parts/attempts.svelte';
import { directory } from '$lib/people/directory.svelte';
import { matches } from '$lib/people/groups';
import { byKana } from '$lib/people/kana';
import { isPower, ROLES, roleWords } from '$lib/people/words';
import { wire, wireNew, type Draft } from './draft';

export type Filter = 'all' | 'invited' | 'outside' | 'powers' | 'left';

const passes: Record<Filter, (member: Member) => boolean> = {
	all: (member) => member.state !== 'left',
	invited: (member) => member.state === 'invited' && member.kind !== 'bot',
	outside: (member) => member.kind === 'partner' && member.state !== 'left',
	powers: (member) => isPower(member.role) && member.state !== 'left',
	left: (member) => member.state === 'left'
};

export class MembersTable {
	query = $state('');
	department = $state('');
	filter = $state<Filter>('all');

	readonly everyone = $derived([...directory.members.values()].sort(byKana));
	readonly #below = $derived.by(() => {
		const ids = new Set([this.department]);
		// Parents stand before children nowhere: go round until nothing is added.
		for (let grown = true; grown;) {
			grown = false;
			for (const one of directory.departments) {
				if (one.parent && ids.has(one.parent) && !ids.has(one.id)) grown = !!ids.add(one.id);
			}
		}
		return ids;
	});
	readonly shown = $derived(
		this.everyone.filter(
			(member) =>
				passes[this.filter](member) &&
				matches(member, this.query) &&
				(!this.department || member.departments.some((one) => this.#below.has(one.department)))
		)
	);

	count(filter: Filter): number {
		return this.everyone.filter(passes[filter]).length;
	}
}

/** Everything about one member, for those who manage; to others the server gives no more than the directory does. */
export async function memberDetail(id: string): Promise<MemberDetail> {
	const found: Member | MemberDetail = await answer(
		api.GET('/api/v1/members/{id}', { params: { path: { id } } })
	);
	if ('login' in found) return found as MemberDetail;
	return {
		...found,
		login: null,
		email: null,
		invited_until: null,
		last_seen: null,
		second_factor: false,
		factor_reset: null,
		locked: null
	};
}

/** Adding or changing one member. */
export class MemberEditor extends Attempts {
	draft = $state<Draft>() as Draft;
	/** The display name that was sent last: what a refusal is about, while another is typed. */
	tried = $state('');
	readonly alike = $derived(similarIn(this.problem));
	/** The role as it is kept. */
	readonly held: Role | undefined;

	/** @param id whom to change; nobody yet when adding */
	constructor(
		draft: Draft,
		readonly id?: string
	) {
		super();
		this.draft = draft;
		this.held = id === undefined ? undefined : draft.role;
	}

	/** Words beside a field. A name one cannot tell from another's is mended in the display name. */
	field(name: string): string | undefined {
		const problem = this.problem;
		if (name === 'display_name' && problem?.code === 'name.taken') return problem.words;
		if (name === 'role' && problem?.code === 'role.conflict') return this.#conflict(problem);
		if (name === 'login' && problem?.code === 'login.taken') return problem.words;
		if (name === 'staff_number' && problem?.code === 'staff_number.taken') return problem.words;
		return problem?.field(name);
	}

	/** R59: whose other record it is that stands in the way, where it is one. */
	#conflict(problem: Problem): string {
		const { through, held } = problem.facts;
		const role = ROLES.find((one) => one === held);
		if (typeof through !== 'string' || !role) return problem.words;
		return `${problem.words} ${m.form_role_through({ name: through, held: roleWords(role) })}`;
	}

	async save(): Promise<MemberDetail | null> {
		let saved: MemberDetail | null = null;
		await this.attempt(async () => {
			const { display, family, given } = this.draft;
			this.tried = display.trim() || `${family.trim()} ${given.trim()}`.trim();
			saved = await this.#send();
			directory.put(saved);
		});
		return saved;
	}

	#send(): Promise<MemberDetail> {
		if (!this.id) return answer(api.POST('/api/v1/members', { body: wireNew(this.draft) }));
		const params = { path: { id: this.id } };
		return answer(api.PATCH('/api/v1/members/{id}', { params, body: wire(this.draft) }));
	}
}
