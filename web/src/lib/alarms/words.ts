/** What an alarm says: one line that is the fact, and one for what to know about it. */
import { moment } from '$lib/i18n/when';
import { m } from '$lib/paraglide/messages';
import type { IconName } from '$lib/parts/Icon.svelte';
import { roleWords } from '$lib/people/words';
import type { Alarm, AlarmKind } from './calls';

export interface Said {
	title: string;
	body: string;
}

const ICONS: Record<AlarmKind, IconName> = {
	new_device: 'phone',
	new_place: 'globe',
	factor_reset_started: 'shield',
	factor_changed: 'shield',
	password_changed: 'key',
	recovery_used: 'print',
	failures: 'alert',
	device_locked: 'lock',
	device_wiped: 'trash',
	role_changed: 'person',
	clone: 'copy',
	many_failures: 'alert',
	impossible_pair: 'globe',
	break_glass: 'admin',
	denied: 'notice',
	last_owner: 'key'
};
export const alarmIcon = (alarm: Alarm): IconName => ICONS[alarm.kind] ?? 'info';

/** Who did it, in words. */
function by({ by, subject }: Alarm): string {
	if (by.kind === 'console') return m.alarm_by_console();
	if (by.kind === 'system') return m.alarm_by_system();
	if (by.kind === 'nobody' || !by.member) return m.alarm_by_nobody();
	return by.member.id === subject?.id ? m.alarm_by_self() : m.alarm_by_member({ name: by.member.name });
}

/** What was done on the command line, by the kinds of its events. */
const ACTS: Record<string, () => string> = {
	'member.locked': m.glass_member_locked,
	'member.unlocked': m.glass_member_unlocked,
	'member.role_changed': m.glass_role,
	'device.locked': m.glass_device_locked,
	'device.unlocked': m.glass_device_unlocked,
	'device.wipe_asked': m.glass_device_wipe,
	'device.code_made': m.glass_device_code,
	'session.closed': m.glass_sessions,
	'factor.reset': m.glass_reset,
	'invitation.made': m.glass_invitation,
	'invitation.revoked': m.glass_invitation_revoked,
	'policies.set': m.glass_policies
};
const acts = (kinds: readonly string[]): string =>
	kinds.map((kind) => ACTS[kind]?.() ?? m.glass_other({ kind })).join('・');

const failures = {
	password: m.alarm_failures_password,
	recovery: m.alarm_failures_recovery,
	factor: m.alarm_failures_factor,
	device_code: m.alarm_failures_device_code
};

/** `admin`: as told to those who manage members. */
export function said(alarm: Alarm, now: number, admin = false): Said {
	return admin ? toAdmins(alarm, now) : toMember(alarm, now);
}

function toMember(alarm: Alarm, now: number): Said {
	const { facts } = alarm;
	const at = moment(alarm.at, now);
	const address = facts.address ?? '';
	const done = m.alarm_done_body({ at, by: by(alarm) });
	const other = alarm.other?.name ?? '';
	switch (alarm.kind) {
		case 'new_device': {
			const { name: device = '', os = '' } = alarm.device ?? {};
			return { title: m.alarm_new_device({ device }), body: m.alarm_new_device_body({ os, address, at }) };
		}
		case 'new_place':
			return {
				title: m.alarm_new_place(),
				body: alarm.device
					? m.alarm_new_place_device({ device: alarm.device.name, address, at })
					: m.alarm_new_place_nobody({ address, at })
			};
		case 'factor_reset_started': {
			const until = moment(facts.until ?? alarm.at, now);
			return { title: m.alarm_reset({ by: by(alarm) }), body: m.alarm_reset_body({ until }) };
		}
		case 'factor_changed':
			return { title: factorTitle(alarm), body: done };
		case 'password_changed':
			return { title: m.alarm_password(), body: done };
		case 'recovery_used':
			return { title: m.alarm_recovery(), body: m.alarm_recovery_body({ at }) };
		case 'failures': {
			const since = moment(facts.since ?? alarm.at, now);
			const title = failures[facts.proof ?? 'password']({ count: facts.count ?? 0 });
			return { title, body: m.alarm_failures_body({ since, address }) };
		}
		case 'device_locked':
			return { title: m.alarm_locked({ device: other }), body: done };
		case 'device_wiped':
			return { title: m.alarm_wiped({ device: other }), body: done };
		case 'role_changed': {
			const [from, to] = [roleWords(facts.from ?? 'member'), roleWords(facts.to ?? 'member')];
			return { title: m.alarm_role({ from, to }), body: done };
		}
		case 'clone':
			return { title: m.alarm_clone(), body: m.alarm_clone_body({ at, address }) };
		default:
			return unknown(alarm, at);
	}
}

function factorTitle({ facts }: Alarm): string {
	if (facts.what.includes('reset')) return m.alarm_factor_reset();
	if (facts.what.includes('removed')) return m.alarm_factor_removed();
	return m.alarm_factor_added({ factor: facts.factor === 'totp' ? m.enrol_totp() : m.prove_passkey() });
}

function toAdmins(alarm: Alarm, now: number): Said {
	const { facts } = alarm;
	const at = moment(alarm.at, now);
	const name = alarm.subject?.name ?? m.alarm_someone();
	const address = facts.address ?? '';
	const count = facts.count ?? 0;
	const since = moment(facts.since ?? alarm.at, now);
	switch (alarm.kind) {
		case 'many_failures': {
			if (alarm.subject)
				return {
					title: m.alarm_admin_many({ name, count }),
					body: m.alarm_admin_many_body({ since, address })
				};
			const accounts = facts.accounts ?? 0;
			return {
				title: m.alarm_admin_many_address({ count }),
				body: m.alarm_admin_many_address_body({ since, address, accounts })
			};
		}
		case 'impossible_pair': {
			const device = alarm.device?.name ?? m.alarm_some_device();
			const network = facts.network ?? '';
			const other_network = facts.other_network ?? '';
			const other = alarm.other?.name ?? '';
			return {
				title: m.alarm_admin_pair({ name }),
				body: m.alarm_admin_pair_body({ other, other_network, network, device, at })
			};
		}
		case 'break_glass': {
			const what = acts(facts.what);
			const body = alarm.subject
				? m.alarm_admin_glass_whom({ name, what, at })
				: m.alarm_admin_glass_body({ what, at });
			return { title: m.alarm_admin_glass(), body };
		}
		case 'clone':
			return { title: m.alarm_admin_clone({ name }), body: m.alarm_clone_body({ at, address }) };
		case 'denied': {
			const device = alarm.other?.name;
			const body = device
				? m.alarm_admin_denied_body({ at, device, count })
				: m.alarm_admin_denied_bare({ at, count });
			return { title: m.alarm_admin_denied({ name }), body };
		}
		case 'last_owner':
			return { title: m.alarm_admin_last({ name }), body: m.alarm_admin_last_body({ at }) };
		default:
			return unknown(alarm, at);
	}
}

/** A newer server knows more kinds than this client. */
const unknown = ({ kind }: Alarm, at: string): Said => ({
	title: m.alarm_unknown({ kind }),
	body: m.alarm_unknown_body({ at })
});
