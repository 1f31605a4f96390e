import { expect, test } from 'vitest';
import type { Department } from '$lib/api/types';
import { children, choices, lines, within } from './departments.svelte';
import { blank, conflict, draftOf, rolesFor, wire, wireNew } from './draft';
import { QUIET, qrPath } from '$lib/parts/qr';

const tree: Department[] = [
	{ id: 'b', parent: null, name: '店舗', order: 1 },
	{ id: 'a', parent: null, name: '本部', order: 0 },
	{ id: 'b1', parent: 'b', name: '駅前店', order: 0 },
	{ id: 'b11', parent: 'b1', name: 'レジ', order: 0 }
];

test('the tree is read from the top, in order', () => {
	expect(lines(tree).map((line) => [line.department.name, line.depth])).toEqual([
		['本部', 0],
		['店舗', 0],
		['駅前店', 1],
		['レジ', 2]
	]);
	expect(children(tree, 'b').map((one) => one.id)).toEqual(['b1']);
});

test('a department cannot be moved into itself', () => {
	expect([...within(tree, 'b')]).toEqual(['b', 'b1', 'b11']);
	expect(choices(tree, within(tree, 'b')).map((choice) => choice.value)).toEqual(['a']);
});

test('every dark module is drawn once, inside the quiet zone', () => {
	const path = qrPath(3, '110' + '001' + '111');
	expect(path).toBe(
		[
			`M${QUIET} ${QUIET}h2v1h-2z`,
			`M${QUIET + 2} ${QUIET + 1}h1v1h-1z`,
			`M${QUIET} ${QUIET + 2}h3v1h-3z`
		].join('')
	);
});

test('what is empty is not sent when adding, and sent as none when changing', () => {
	const draft = { ...blank(), family: ' 乙川 ', given: '二葉', familyKana: 'おつかわ', givenKana: 'ふたば' };
	expect(wireNew(draft)).toEqual({
		family_name: '乙川',
		given_name: '二葉',
		family_kana: 'おつかわ',
		given_kana: 'ふたば',
		kind: 'employee',
		role: 'member',
		departments: []
	});
	expect(wire(draft).login).toBeNull();
});

test('a role that does not go with the kind is not sent', () => {
	expect(wire({ ...blank(), kind: 'partner', role: 'admin', company: '○○商事' })).toMatchObject({
		role: 'partner',
		company: '○○商事'
	});
	expect(wire({ ...blank(), kind: 'bot', family: '発注BOT', email: 'x@y' })).toMatchObject({
		role: 'member',
		email: null,
		given_name: ''
	});
	expect(rolesFor('employee')).not.toContain('partner');
});

test('a display name that only repeats the legal one follows it', () => {
	const member = {
		id: '1',
		family_name: '乙川',
		given_name: '二葉',
		family_kana: '',
		given_kana: '',
		display_name: '乙川 二葉',
		staff_number: null,
		kind: 'employee' as const,
		role: 'member' as const,
		company: null,
		departments: [{ department: 'b1', position: null }],
		state: 'active' as const,
		joined_at: null
	};
	expect(draftOf(member).display).toBe('');
	expect(draftOf({ ...member, display_name: '乙川 二葉（駅前店）' }).display).toBe('乙川 二葉（駅前店）');
	expect(draftOf(member).places).toEqual([{ department: 'b1', position: '' }]);
});

// R59
test('administration, audit and the HR desk are never one person’s', () => {
	expect(conflict('auditor', 'admin')).toBe(true);
	expect(conflict('hr', 'owner')).toBe(true);
	expect(conflict('owner', 'admin')).toBe(false);
	expect(conflict('manager', 'auditor')).toBe(false);
	expect(conflict(undefined, 'hr')).toBe(false);
});
