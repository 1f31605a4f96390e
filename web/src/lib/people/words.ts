/** Words for the closed sets of the wire: 区分, 役割, 状態. */
import type { Kind, Member, Role } from '$lib/api/types';
import { m } from '$lib/paraglide/messages';

export const KINDS: readonly Kind[] = ['employee', 'part_time', 'partner', 'bot'];
export const ROLES: readonly Role[] = ['owner', 'admin', 'auditor', 'hr', 'manager', 'member', 'partner'];

const kinds: Record<Kind, () => string> = {
	employee: m.kind_employee,
	part_time: m.kind_part_time,
	partner: m.kind_partner,
	bot: m.kind_bot
};
const roles: Record<Role, () => string> = {
	owner: m.role_owner,
	admin: m.role_admin,
	auditor: m.role_auditor,
	hr: m.role_hr,
	manager: m.role_manager,
	member: m.role_member,
	partner: m.role_partner
};
const states: Record<Member['state'], () => string> = {
	invited: m.state_invited,
	active: m.state_active,
	left: m.state_left
};

/** Powers over others: only an owner may give or take them, and they demand a second factor (R4). */
export const isPower = (role: Role): boolean =>
	role === 'owner' || role === 'admin' || role === 'auditor' || role === 'hr';

export const kindWords = (kind: Kind): string => kinds[kind]();
export const roleWords = (role: Role): string => roles[role]();
export const stateWords = (state: Member['state']): string => states[state]();
