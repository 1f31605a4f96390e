import { expect, test } from 'vitest';
import type { Department, Member } from '$lib/api/types';
import { byDepartment, byRow, matches, search } from './groups';

const person = (id: string, family: string, kana: string, more: Partial<Member> = {}): Member => ({
	id,
	family_name: family,
	given_name: '花',
	family_kana: kana,
	given_kana: 'はな',
	display_name: `${family} 花`,
	staff_number: null,
	kind: 'employee',
	role: 'member',
	company: null,
	departments: [],
	state: 'active',
	joined_at: 0,
	...more
});
const department = (id: string, name: string, parent: string | null = null, order = 0): Department => ({
	id,
	name,
	parent,
	order
});
const inside = (...ids: string[]) => ({ departments: ids.map((id) => ({ department: id, position: null })) });

const departments = [
	department('shop', '店舗', null, 1),
	department('head', '本部', null, 0),
	department('front', '駅前店', 'shop')
];

test('the tree follows the order given, and counts each person once', () => {
	const both = person('1', '乙川', 'おつかわ', inside('front', 'shop'));
	const register = byDepartment([both, person('2', '甲野', 'こうの', inside('front'))], departments);
	expect(register.branches.map((branch) => branch.department.name)).toEqual(['本部', '店舗']);
	expect(register.branches[1]?.count).toBe(2);
	expect(register.branches[1]?.branches[0]?.members.map((member) => member.id)).toEqual(['1', '2']);
});

test('outsiders and bots stand apart, leavers nowhere', () => {
	const register = byDepartment(
		[
			person('1', '保守', 'ほしゅ', { kind: 'partner', ...inside('front') }),
			person('2', '発注', 'はっちゅう', { kind: 'bot' }),
			person('3', '子野', 'ねの', { state: 'left', ...inside('front') }),
			person('4', '丁田', 'ていだ', inside('gone'))
		],
		departments
	);
	expect(register.outside.map((member) => member.id)).toEqual(['1']);
	expect(register.bots.map((member) => member.id)).toEqual(['2']);
	expect(register.loose.map((member) => member.id)).toEqual(['4']);
	expect(register.branches.every((branch) => branch.count === 0)).toBe(true);
});

test('a circle of parents does not hang the page', () => {
	const circle = [department('a', 'A', 'b'), department('b', 'B', 'a')];
	expect(byDepartment([], circle).branches).toEqual([]);
});

test('rows stand in the order of the syllabary, 他 last', () => {
	const rows = byRow([
		person('1', 'Smith', 'Smith'),
		person('2', '和田', 'わだ'),
		person('3', '浅井', 'アサイ')
	]);
	expect(rows.map(({ row }) => row)).toEqual(['あ', 'わ', '他']);
});

test('one finds by name, reading, number and firm, in any kana', () => {
	const member = person('1', '乙川', 'おつかわ', { staff_number: '0417', company: '○○商事' });
	for (const query of ['乙川', 'オツ', 'ｵﾂ', '0417', '０４１７', '商事', 'おつ 花', '乙川花', '']) {
		expect(matches(member, query), query).toBe(true);
	}
	expect(matches(member, '甲')).toBe(false);
	expect(matches(member, 'おつ 月')).toBe(false);
});

test('leavers are found, last', () => {
	const found = search([person('1', '浅井', 'あさい', { state: 'left' }), person('2', '和田', 'わだ')], '');
	expect(found.map((member) => member.id)).toEqual(['2', '1']);
});
