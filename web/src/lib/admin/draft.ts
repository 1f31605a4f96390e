/** What is typed about a member, and what of it is sent. Pure. */
import type { Kind, Member, MemberDetail, Role } from '$lib/api/types';

export type Place = { department: string; position: string };
export type Draft = {
	family: string;
	given: string;
	familyKana: string;
	givenKana: string;
	display: string;
	staffNumber: string;
	login: string;
	email: string;
	company: string;
	kind: Kind;
	role: Role;
	places: Place[];
};

export const blank = (): Draft => ({
	family: '',
	given: '',
	familyKana: '',
	givenKana: '',
	display: '',
	staffNumber: '',
	login: '',
	email: '',
	company: '',
	kind: 'employee',
	role: 'member',
	places: []
});

export function draftOf(member: Member & Partial<MemberDetail>): Draft {
	const usual = `${member.family_name} ${member.given_name}`.trim();
	return {
		family: member.family_name,
		given: member.given_name,
		familyKana: member.family_kana,
		givenKana: member.given_kana,
		// A name that only repeats the legal one is left to follow it.
		display: member.display_name === usual ? '' : member.display_name,
		staffNumber: member.staff_number ?? '',
		login: member.login ?? '',
		email: member.email ?? '',
		company: member.company ?? '',
		kind: member.kind,
		role: member.role,
		places: member.departments.map((one) => ({ department: one.department, position: one.position ?? '' }))
	};
}

/** Roles that go with a kind: partners are partners, bots hold no power. */
export function rolesFor(kind: Kind): readonly Role[] {
	if (kind === 'partner') return ['partner'];
	if (kind === 'bot') return ['member'];
	return ['member', 'manager', 'hr', 'auditor', 'admin', 'owner'];
}

const duties: Partial<Record<Role, string>> = {
	owner: 'system',
	admin: 'system',
	auditor: 'audit',
	hr: 'personnel'
};

/** Whether one person may not hold both (R59): the server decides; this only says so beforehand. */
export const conflict = (held: Role | undefined, wanted: Role): boolean => {
	const [one, other] = [held && duties[held], duties[wanted]];
	return one !== undefined && other !== undefined && one !== other;
};

const orNull = (text: string): string | null => text.trim() || null;

/** The body of POST and PATCH /members; what is empty is `null`, which PATCH takes as "none". */
export function wire(draft: Draft) {
	const bot = draft.kind === 'bot';
	return {
		family_name: draft.family.trim(),
		given_name: bot ? '' : draft.given.trim(),
		family_kana: draft.familyKana.trim(),
		given_kana: bot ? '' : draft.givenKana.trim(),
		display_name: orNull(draft.display),
		staff_number: bot ? null : orNull(draft.staffNumber),
		login: bot ? null : orNull(draft.login),
		email: bot ? null : orNull(draft.email),
		company: draft.kind === 'partner' ? orNull(draft.company) : null,
		kind: draft.kind,
		role: rolesFor(draft.kind).includes(draft.role) ? draft.role : (rolesFor(draft.kind)[0] ?? 'member'),
		departments: draft.places
			.filter((place) => place.department)
			.map((place) => ({ department: place.department, position: orNull(place.position) }))
	};
}

/** POST refuses fields it need not know: what is empty is left out. */
export function wireNew(draft: Draft) {
	const body = wire(draft);
	return {
		...Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)),
		family_name: body.family_name,
		given_name: body.given_name,
		family_kana: body.family_kana,
		given_kana: body.given_kana,
		kind: body.kind
	};
}
