import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changes, isNetwork, limited, networks, said, whole } from './rules';
import { stamp } from './stamp';
import type { Limit, Limits, Rule } from './wire';
import { appliesWords, daysWords, ownFree, ownLines, sentences, valueWords } from './words';

const rule = (more: Partial<Rule> = {}): Rule => ({
	id: 'a',
	name: '私物スマホ',
	applies: { kinds: [], ownership: null, roles: [] },
	limits: {},
	...more
});

describe('what is written into a rule', () => {
	test('a network is an address of either kind, with or without its leading bits', () => {
		for (const good of ['10.0.0.0/8', '203.0.113.7', '2001:db8::/32', '::1', '::/0', 'fe80::1:2:3:4'])
			expect(isNetwork(good), good).toBe(true);
		for (const bad of [
			'',
			'10.0.0',
			'10.0.0.256',
			'10.0.0.0/33',
			'1::2::3',
			'2001:db8::/129',
			'010.0.0.1',
			'a/b'
		])
			expect(isNetwork(bad), bad).toBe(false);
	});

	test('lines are read without the empty ones and in any width, and the first wrong one is named by its line', () => {
		expect(networks('１０.0.0.0／8\n\n  ::1 \n::1')).toEqual({ list: ['10.0.0.0/8', '::1'], bad: null });
		expect(networks('10.0.0.0/8\n\n本社')).toEqual({ list: [], bad: { line: 3, value: '本社' } });
	});

	test('an amount is whole and within its bounds', () => {
		expect(whole('２４', [0, 168])).toBe(24);
		expect(whole('0', [0, 168])).toBe(0);
		for (const bad of ['', ' ', '1.5', '169', '-1', '二']) expect(whole(bad, [0, 168])).toBeUndefined();
	});

	test('the looser word of a flag says nothing', () => {
		expect(said({ download: true, watermark: false }, 'download')).toBeUndefined();
		expect(said({ download: true, watermark: false }, 'watermark')).toBeUndefined();
		expect(said({ download: false }, 'download')).toBe(false);
		expect(said({ second_factor: false }, 'second_factor')).toBeUndefined();
		expect(said({ lease_hours: 0 }, 'lease_hours')).toBe(0);
	});
});

describe('what has changed', () => {
	test('each change is told once: rules that came and went, names, reach, limits', () => {
		const before = [rule({ limits: { download: false } }), rule({ id: 'b', name: '貸与' })];
		const after = [
			rule({
				name: '私物',
				applies: { kinds: ['app'], ownership: 'own', roles: [] },
				limits: { devices: 2 }
			}),
			rule({ id: 'c', name: '窓口' })
		];
		expect(changes(before, after).map((one) => (one.kind === 'limit' ? one.limit : one.kind))).toEqual([
			'name',
			'reach',
			'download',
			'devices',
			'added',
			'removed'
		]);
	});

	test('a limit that is set and taken back again is no change, whatever it was', () => {
		const values: [Limit, Limits[Limit]][] = [
			['download', false],
			['networks', ['10.0.0.0/8', '::1']],
			['hours', { from: '07:00', to: '22:00', days: [1, 2] }]
		];
		const value = fc.oneof(
			fc.constantFrom(...values),
			fc.tuple(fc.constant<Limit>('devices'), fc.integer({ min: 1, max: 100 }))
		);
		fc.assert(
			fc.property(value, ([limit, set]) => {
				const there = rule();
				const changed = limited(there, limit, set);
				expect(changes([there], [changed])).toHaveLength(1);
				expect(changes([there], [limited(changed, limit, undefined)])).toEqual([]);
			})
		);
	});

	test('the order in which networks and days were named is no change', () => {
		const one = rule({ limits: { networks: ['a', 'b'], hours: { from: '7', to: '8', days: [1, 2] } } });
		const two = rule({ limits: { networks: ['b', 'a'], hours: { from: '7', to: '8', days: [2, 1] } } });
		expect(changes([one], [two])).toEqual([]);
	});
});

describe('what people read', () => {
	test('days are joined where they follow one another', () => {
		expect(daysWords([7, 6, 5, 4, 3, 2, 1])).toBe('毎日');
		expect(daysWords([1, 2, 3, 4, 5])).toBe('月–金');
		expect(daysWords([1, 3, 5])).toBe('月・水・金');
		expect(daysWords([6, 7])).toBe('土・日');
	});

	test('a value stands short in the table and whole in the sentence', () => {
		const limits = {
			download: false,
			hours: { from: '22:00', to: '05:00', days: [1, 2, 3, 4, 5] },
			networks: ['10.0.0.0/8', '::1'],
			app_lock_minutes: 90,
			lease_hours: 0
		};
		expect(valueWords(limits, 'hours')).toBe('月–金 22:00\u2060–\u20605:00');
		expect(valueWords(limits, 'networks')).toBe('10.0.0.0/8 ほか1件');
		expect(valueWords(limits, 'copy')).toBe('—');
		expect(sentences(limits)).toEqual([
			'ファイルは見るだけです。端末に保存できません。',
			'月–金の22:00から翌日の5:00のあいだ使えます。',
			'決められた接続元（10.0.0.0/8、::1）からだけ使えます。',
			'90分さわらないと鍵がかかり、暗証番号か指紋・顔が要ります。',
			'電波がないと、10分で読めなくなります。'
		]);
	});

	test('whom a rule meets is one line', () => {
		expect(appliesWords(rule().applies)).toBe('全員・すべての端末');
		expect(appliesWords({ kinds: ['browser', 'app'], ownership: 'own', roles: [] })).toBe(
			'私物のブラウザー・入れたアプリ'
		);
		expect(appliesWords({ kinds: [], ownership: null, roles: ['manager'] })).not.toContain('端末');
	});

	test('one line a limit, with the rule that says so; the rest is what one may', () => {
		const free = { allowed: true, rule: null };
		const own = {
			download: { allowed: false, rule: '私物' },
			copy: free,
			print: free,
			share: free,
			watermark: { required: true, rule: '全員' },
			blur: { required: false, rule: null },
			hours: [{ from: '07:00', to: '22:00', days: [1, 2, 3, 4, 5, 6, 7], rule: '私物' }],
			networks: [],
			devices: { value: null, rule: null },
			second_factor: { required: true, rule: '全員' },
			session_hours: { value: 720, rule: null },
			session_idle_minutes: { value: 20_160, rule: null },
			app_lock_minutes: { value: null, rule: null },
			lease_hours: { value: 24, rule: null }
		};
		expect(ownLines(own)).toEqual([
			{ words: 'ファイルは見るだけです。端末に保存できません。', rule: '私物' },
			{ words: '画面とファイルに、あなたの氏名・番号・時刻の透かしが入ります。', rule: '全員' },
			{ words: '毎日の7:00から22:00のあいだ使えます。', rule: '私物' },
			{ words: 'サインインに、二つ目の確認（認証アプリかパスキー）が要ります。', rule: '全員' },
			{ words: 'サインインは30日で切れます。切れたら、もう一度入ってください。', rule: null },
			{ words: '14日使わないと、サインインが切れます。', rule: null },
			{ words: '電波がないとき読めるのは、24時間までです。', rule: null }
		]);
		expect(ownFree(own)).toEqual(['文字のコピー', '印刷', 'ほかのアプリへの共有', 'どこからでも使う']);
	});

	test('a watermark says the minute in the organisation’s zone', () => {
		// R17
		expect(stamp(Date.UTC(2026, 10, 21, 23, 59))).toBe('2026/11/22 08:59');
	});
});
