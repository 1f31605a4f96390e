/**
 * Rules as they are written: what stands in the table, what has changed, and whether a value can be taken. Pure.
 */
import type { Amount, Flag, Hours, Limit, Limits, Rule } from './wire';

/** The table's rows, in its order. */
export const SECTIONS: readonly { name: 'out' | 'where' | 'devices'; limits: readonly Limit[] }[] = [
	{ name: 'out', limits: ['download', 'copy', 'print', 'share', 'watermark', 'blur'] },
	{ name: 'where', limits: ['hours', 'networks'] },
	{
		name: 'devices',
		limits: [
			'devices',
			'second_factor',
			'session_hours',
			'session_idle_minutes',
			'app_lock_minutes',
			'lease_hours'
		]
	}
];
export const LIMITS: readonly Limit[] = SECTIONS.flatMap(({ limits }) => limits);

/** What a flag says when it says anything: the looser word binds nobody, because the strictest wins. */
export const STRICT: Record<Flag, boolean> = {
	download: false,
	copy: false,
	print: false,
	share: false,
	watermark: true,
	blur: true,
	second_factor: true
};
export const isFlag = (limit: Limit): limit is Flag => limit in STRICT;

/** Least and most, as the server takes them. */
export const BOUNDS: Record<Amount, readonly [number, number]> = {
	devices: [1, 100],
	session_hours: [1, 720],
	session_idle_minutes: [5, 20_160],
	app_lock_minutes: [1, 1_440],
	lease_hours: [0, 168]
};

export const EVERY_DAY: readonly number[] = [1, 2, 3, 4, 5, 6, 7];
export const NAME_MOST = 40;

/** `undefined` where the rule does not limit it, also where it says what holds anyway. */
export function said<L extends Limit>(limits: Limits, limit: L): Limits[L] | undefined {
	const value = limits[limit];
	if (isFlag(limit)) return value === STRICT[limit] ? value : undefined;
	return value;
}

/** The same rule with one limit changed; `undefined`: not spoken of. */
export function limited(rule: Rule, limit: Limit, value: Limits[Limit] | undefined): Rule {
	const limits = { ...rule.limits, [limit]: value };
	if (value === undefined) delete limits[limit];
	return { ...rule, limits };
}

/** What a person reads as one change. */
export type Change =
	| { kind: 'added' | 'removed'; rule: Rule }
	| { kind: 'name' | 'reach'; rule: Rule; before: Rule }
	| { kind: 'limit'; rule: Rule; before: Rule; limit: Limit };

const sameSet = (a: readonly unknown[], b: readonly unknown[]) =>
	a.length === b.length && a.every((one) => b.includes(one));
const sameHours = (a: Hours, b: Hours) => a.from === b.from && a.to === b.to && sameSet(a.days, b.days);

function sameValue(a: Limits[Limit], b: Limits[Limit]): boolean {
	if (Array.isArray(a) && Array.isArray(b)) return sameSet(a, b);
	if (typeof a === 'object' && typeof b === 'object') return sameHours(a as Hours, b as Hours);
	return a === b;
}

function sameReach({ applies: a }: Rule, { applies: b }: Rule): boolean {
	return sameSet(a.kinds, b.kinds) && a.ownership === b.ownership && sameSet(a.roles, b.roles);
}

/** Everything that differs, in the order of the table. */
export function changes(before: readonly Rule[], after: readonly Rule[]): Change[] {
	const was = new Map(before.map((rule) => [rule.id, rule]));
	const kept = new Set(after.map(({ id }) => id));
	const found: Change[] = [];
	for (const rule of after) {
		const old = was.get(rule.id);
		if (!old) {
			found.push({ kind: 'added', rule });
			continue;
		}
		if (old.name !== rule.name) found.push({ kind: 'name', rule, before: old });
		if (!sameReach(old, rule)) found.push({ kind: 'reach', rule, before: old });
		for (const limit of LIMITS)
			if (!sameValue(said(old.limits, limit), said(rule.limits, limit)))
				found.push({ kind: 'limit', rule, before: old, limit });
	}
	for (const rule of before) if (!kept.has(rule.id)) found.push({ kind: 'removed', rule });
	return found;
}

/** A whole number within bounds, however its digits were typed; otherwise none. */
export function whole(typed: string, [least, most]: readonly [number, number]): number | undefined {
	const plain = typed.normalize('NFKC').trim();
	const number = Number(plain);
	return plain && Number.isInteger(number) && number >= least && number <= most ? number : undefined;
}

/** Lines as networks, without the empty ones; the first that is none is told, with the line it stands in. */
export function networks(text: string): { list: string[]; bad: { line: number; value: string } | null } {
	const list: string[] = [];
	for (const [at, line] of text.normalize('NFKC').split('\n').entries()) {
		const value = line.trim();
		if (!value) continue;
		if (!isNetwork(value)) return { list: [], bad: { line: at + 1, value } };
		list.push(value);
	}
	return { list: [...new Set(list)], bad: null };
}

/** An address of either kind, with or without the number of its leading bits. */
export function isNetwork(text: string): boolean {
	const [address = '', bits, ...more] = text.split('/');
	const four = isFour(address);
	if (more.length > 0 || !(four || isSix(address))) return false;
	return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (four ? 32 : 128));
}

const isFour = (text: string) =>
	/^\d{1,3}(\.\d{1,3}){3}$/.test(text) &&
	text.split('.').every((part) => Number(part) <= 255 && String(Number(part)) === part);

function isSix(text: string): boolean {
	const [head = '', tail, ...more] = text.split('::');
	if (more.length > 0) return false;
	const groups = [head, tail ?? ''].flatMap((side) => (side ? side.split(':') : []));
	if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
	return tail === undefined ? groups.length === 8 : groups.length < 8;
}
