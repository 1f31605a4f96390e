import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, plain, type Block, type Inline } from './markdown';

const MEMBER = '0199a3c1-7d2e-7abc-8def-001122334455';

/** A tree in brackets, so that a test reads like what it is about. */
function show(tree: Block[]): string {
	return tree.map(block).join('\n');
}
function block(one: Block): string {
	switch (one.kind) {
		case 'paragraph':
			return `(p ${line(one.children)})`;
		case 'code':
			return `(code ${one.text})`;
		case 'quote':
			return `(quote ${show(one.blocks)})`;
		case 'list':
			return `(list ${one.items.map((item) => `${item.number ?? '-'} ${show(item.blocks)}`).join(' ')})`;
	}
}
function line(nodes: Inline[]): string {
	return nodes
		.map((node) => {
			switch (node.kind) {
				case 'text':
					return node.text;
				case 'code':
					return `<code ${node.text}>`;
				case 'mention':
					return `<at ${node.member === MEMBER ? 'M' : node.member}>`;
				case 'link':
					return `<link ${node.href} ${line(node.children)}>`;
				default:
					return `<${node.kind} ${line(node.children)}>`;
			}
		})
		.join('');
}
const check = (text: string, expected: string) => expect(show(parse(text))).toBe(expected);

describe('emphasis', () => {
	it.each([
		['**太字**', '(p <strong 太字>)'],
		['*傍点*と~~消す~~', '(p <em 傍点>と<strike 消す>)'],
		['これは**「重要」**です', '(p これは<strong 「重要」>です)'],
		['**（例）、**です。', '(p <strong （例）、>です。)'],
		['注意*、これ。*以上', '(p 注意<em 、これ。>以上)'],
		['**太い*点*字**', '(p <strong 太い<em 点>字>)'],
		['3*4*5=60', '(p 3*4*5=60)'],
		['2 * 3 * 4', '(p 2 * 3 * 4)'],
		['**閉じない', '(p **閉じない)'],
		['**太い*閉じない**', '(p <strong 太い*閉じない>)'],
		['****', '(p ****)'],
		['***三つ***', '(p ***三つ***)'],
		['10:00~12:00 ~残業~', '(p 10:00~12:00 ~残業~)'],
		['**二行\nにわたる**', '(p <strong 二行\nにわたる>)']
	])('%s', check);
});

describe('code', () => {
	it.each([
		['`a*b*c`', '(p <code a*b*c>)'],
		['``a`b``', '(p <code a`b>)'],
		['`閉じない', '(p `閉じない)'],
		['```\nx = 1\n**y**\n```', '(code x = 1\n**y**)'],
		['前\n```sh\nls\n```\n後', '(p 前)\n(code sh\nls)\n(p 後)'],
		['```\n最後まで', '(code 最後まで)']
	])('%s', check);
});

describe('lists and quotes', () => {
	it.each([
		['- 牛乳\n- 卵', '(list - (p 牛乳) - (p 卵))'],
		['3. 三\n7. 七', '(list 3 (p 三) 7 (p 七))'],
		['- 上\n  - 下\n- 次', '(list - (p 上)\n(list - (p 下)) - (p 次))'],
		['-5℃です', '(p -5℃です)'],
		['> 引用\n> 二行\n答え', '(quote (p 引用\n二行))\n(p 答え)'],
		['>_<', '(p >_<)'],
		['> > > > 深い', '(quote (quote (quote (p > 深い))))']
	])('%s', check);
});

describe('line breaks', () => {
	it('keeps them, and blank lines between', () => check('一\n\n二\r\n三', '(p 一\n\n二\n三)'));
});

describe('links (R37)', () => {
	it.each([
		['https://example.jp/a?b=c。次', '(p <link https://example.jp/a?b=c https://example.jp/a?b=c>。次)'],
		['（https://example.jp/）を見て', '(p （<link https://example.jp/ https://example.jp/>）を見て)'],
		['https://example.jp/a_(b).', '(p <link https://example.jp/a_(b) https://example.jp/a_(b)>.)'],
		['[社内規程](https://example.jp/k)', '(p <link https://example.jp/k 社内規程>)'],
		['[書く](mailto:a@example.jp)', '(p <link mailto:a@example.jp 書く>)'],
		['[x](javascript:alert(1))', '(p [x](javascript:alert(1)))'],
		['[x](JaVaScRiPt:alert(1))', '(p [x](JaVaScRiPt:alert(1)))'],
		['[x](data:text/html,<b>)', '(p [x](data:text/html,<b>))'],
		['[x](/rooms)', '(p [x](/rooms))'],
		['[x](https://)', '(p [x](https://))'],
		['[x] (https://example.jp)', '(p [x] (<link https://example.jp/ https://example.jp>))'],
		['**https://example.jp**', '(p <strong <link https://example.jp/ https://example.jp>>)']
	])('%s', check);
});

describe('mentions', () => {
	it.each([
		[`@{${MEMBER}} お願いします`, '(p <at M> お願いします)'],
		['@{all} 集合', '(p <at all> 集合)'],
		['@{someone}', '(p @{someone})'],
		[`\`@{${MEMBER}}\``, `(p <code @{${MEMBER}}>)`]
	])('%s', check);
});

describe('any text', () => {
	const signs = fc.constantFrom(
		...'*~`[]()>-+.1 \n@{}:/あ漢字。「」（）𠮷👨‍👩‍👧שלום',
		'**',
		'~~',
		'```',
		'\n```\n',
		'\n- ',
		'\n> ',
		'https://a.jp/',
		'](javascript:x)',
		'](https://b.jp)',
		'  '
	);
	const texts = fc.oneof(
		fc.array(signs, { maxLength: 200 }).map((parts) => parts.join('')),
		fc.string({ unit: 'grapheme', maxLength: 300 })
	);
	const links = (nodes: Inline[]): string[] =>
		nodes.flatMap((node) =>
			node.kind === 'link'
				? [node.href, ...links(node.children)]
				: 'children' in node
					? links(node.children)
					: []
		);
	const allLinks = (tree: Block[]): string[] =>
		tree.flatMap((one) => {
			if (one.kind === 'paragraph') return links(one.children);
			if (one.kind === 'quote') return allLinks(one.blocks);
			return one.kind === 'list' ? one.items.flatMap((item) => allLinks(item.blocks)) : [];
		});

	it('is parsed without a throw, and links lead only to http, https and mailto', () => {
		fc.assert(
			fc.property(texts, (text) => {
				for (const href of allLinks(parse(text))) expect(href).toMatch(/^(https?|mailto):/);
			}),
			{ numRuns: 2000 }
		);
	});

	it('keeps every letter in its order, marks aside', () => {
		// A link's address is the one thing that leaves the words, so addresses are left out here.
		const bare = (text: string) => text.replace(/[*~`>\-+.\s\d[\]()]/g, '');
		fc.assert(
			fc.property(texts, (text) => {
				const source = text.replace(/https?|mailto/gi, '');
				expect(bare(plain(parse(source)))).toBe(bare(source));
			}),
			{ numRuns: 2000 }
		);
	});

	it.each([
		['stars', '*'.repeat(8000)],
		['pairs', '**a '.repeat(2000)],
		['brackets', '['.repeat(8000)],
		['half links', '[a]('.repeat(2000)],
		['back-ticks of growing runs', Array.from({ length: 120 }, (_, n) => '`'.repeat(n + 1)).join('a')],
		['quotes', '> '.repeat(4000)],
		['addresses', 'https://'.repeat(1000)],
		['address brackets', 'https://a.jp/' + ')'.repeat(7980)]
	])('takes hostile %s quickly', (_, text) => {
		const start = performance.now();
		parse(text);
		expect(performance.now() - start).toBeLessThan(1000);
	});
});
