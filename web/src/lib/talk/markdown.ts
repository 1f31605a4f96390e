/**
 * Light Markdown, as people write it in a conversation: text → a tree of safe things.
 *
 * What must stay true: it never throws, never loses a letter the writer wrote, takes time
 * in proportion to the text (a message is up to 8,000 code points, and may be hostile), and
 * a link in the tree is http, https or mailto and nothing else (R37).
 *
 * It differs from CommonMark where Japanese differs from English: an emphasis mark may touch
 * a bracket or a comma (**「重要」**です), and every line break is kept.
 */
import { autolink, linkAt, tidyUrl } from './links';

export type Inline =
	| { kind: 'text'; text: string }
	| { kind: 'strong'; children: Inline[] }
	| { kind: 'em'; children: Inline[] }
	| { kind: 'strike'; children: Inline[] }
	| { kind: 'code'; text: string }
	| { kind: 'link'; href: string; children: Inline[] }
	| { kind: 'mention'; member: string };

export interface ListItem {
	/** The number as written; `null` in a list of dots. */
	number: number | null;
	blocks: Block[];
}

export type Block =
	| { kind: 'paragraph'; children: Inline[] }
	| { kind: 'code'; text: string }
	| { kind: 'quote'; blocks: Block[] }
	| { kind: 'list'; ordered: boolean; items: ListItem[] };

/** How deep quotes and lists may lie in each other; deeper marks are shown as written. */
const DEPTH = 3;

const FENCE = /^ {0,3}```([\w+#.-]*)[ \t]*$/;
const FENCE_END = /^ {0,3}```[ \t]*$/;
const QUOTE = /^ {0,3}>(?: |$)/;
const ITEM = /^( {0,3})(?:([-*+])|(\d{1,3})\.) +(?=\S)/;

/** The tree of a message. */
export function parse(text: string): Block[] {
	return blocks(text.replace(/\r\n?/g, '\n').split('\n'), 0);
}

function blocks(lines: string[], depth: number): Block[] {
	const out: Block[] = [];
	let loose: string[] = [];
	const settle = () => {
		const run = trimBlank(loose);
		if (run.length > 0) out.push({ kind: 'paragraph', children: inline(run.join('\n')) });
		loose = [];
	};
	for (let at = 0; at < lines.length;) {
		const line = lines[at] ?? '';
		const taken = FENCE.test(line)
			? fence(lines, at)
			: depth < DEPTH && QUOTE.test(line)
				? quote(lines, at, depth)
				: depth < DEPTH && ITEM.test(line)
					? list(lines, at, depth)
					: null;
		if (taken) {
			settle();
			out.push(taken.block);
			at = taken.next;
		} else {
			loose.push(line);
			at += 1;
		}
	}
	settle();
	return out;
}

interface Taken {
	block: Block;
	next: number;
}

/** A fence that is never closed holds everything to the end. */
function fence(lines: string[], start: number): Taken {
	let end = start + 1;
	while (end < lines.length && !FENCE_END.test(lines[end] ?? '')) end += 1;
	const info = FENCE.exec(lines[start] ?? '')?.[1] ?? '';
	const body = lines.slice(start + 1, end);
	// The name of a language is kept as a first line: nothing the writer wrote is lost.
	return { block: { kind: 'code', text: (info === '' ? body : [info, ...body]).join('\n') }, next: end + 1 };
}

function quote(lines: string[], start: number, depth: number): Taken {
	let next = start;
	while (next < lines.length && QUOTE.test(lines[next] ?? '')) next += 1;
	const inner = lines.slice(start, next).map((line) => line.replace(QUOTE, ''));
	return { block: { kind: 'quote', blocks: blocks(inner, depth + 1) }, next };
}

function list(lines: string[], start: number, depth: number): Taken {
	const first = ITEM.exec(lines[start] ?? '');
	const ordered = first?.[3] !== undefined;
	const items: ListItem[] = [];
	let next = start;
	while (next < lines.length) {
		const mark = ITEM.exec(lines[next] ?? '');
		if (!mark || (mark[3] !== undefined) !== ordered) break;
		const inner = [(lines[next] ?? '').slice(mark[0].length)];
		next += 1;
		// What is indented by two or more belongs to the item above it.
		while (next < lines.length && /^(?: {2,}|\t)\S/.test(lines[next] ?? '')) {
			inner.push((lines[next] ?? '').replace(/^(?: {2,4}|\t)/, ''));
			next += 1;
		}
		items.push({ number: ordered ? Number(mark[3]) : null, blocks: blocks(inner, depth + 1) });
	}
	return { block: { kind: 'list', ordered, items }, next };
}

function trimBlank(lines: string[]): string[] {
	let start = 0;
	let end = lines.length;
	while (start < end && lines[start]?.trim() === '') start += 1;
	while (end > start && lines[end - 1]?.trim() === '') end -= 1;
	return lines.slice(start, end);
}

type Mark = 'strong' | 'em' | 'strike';
const MARKS: Record<string, Mark> = { '**': 'strong', '*': 'em', '~~': 'strike' };
const MENTION = /@\{([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|all)\}/y;

interface Open {
	mark: Mark;
	sign: string;
	/** Where in `out` the mark stands as text, should it never be closed. */
	place: number;
}

/** One run of text, line breaks in it. */
export function inline(source: string, inLink = false): Inline[] {
	const out: Inline[] = [];
	const open: Open[] = [];
	const ticks = tickRuns(source);
	let loose = '';
	const settle = () => {
		if (loose !== '') out.push({ kind: 'text', text: loose });
		loose = '';
	};
	const put = (node: Inline) => {
		settle();
		out.push(node);
	};
	for (let at = 0; at < source.length;) {
		const sign = source[at] ?? '';
		if (sign === '`') {
			const length = runLength(source, at, '`');
			const end = ticks(length, at + length);
			if (end === null) loose += source.slice(at, at + length);
			else put({ kind: 'code', text: source.slice(at + length, end) });
			at = end === null ? at + length : end + length;
			continue;
		}
		if (sign === '@' && !inLink) {
			MENTION.lastIndex = at;
			const mention = MENTION.exec(source);
			if (mention?.[1]) {
				put({ kind: 'mention', member: mention[1] });
				at += mention[0].length;
				continue;
			}
		}
		if (sign === '[' && !inLink) {
			const link = linkAt(source, at);
			if (link) {
				put({ kind: 'link', href: link.href, children: inline(link.text, true) });
				at = link.end;
				continue;
			}
		}
		if ((sign === 'h' || sign === 'H') && !inLink) {
			const url = autolink(source, at);
			if (url) {
				put({ kind: 'link', href: tidyUrl(url) ?? url, children: [{ kind: 'text', text: url }] });
				at += url.length;
				continue;
			}
		}
		if (sign === '*' || sign === '~') {
			const length = runLength(source, at, sign);
			const delimiter = sign.repeat(length);
			const mark = MARKS[delimiter];
			if (mark) {
				settle();
				meet(out, open, { mark, sign: delimiter }, beside(source, at, length));
			} else loose += delimiter;
			at += length;
			continue;
		}
		loose += sign;
		at += 1;
	}
	settle();
	return join(out);
}

interface Sides {
	mayOpen: boolean;
	mayClose: boolean;
}

/** A mark opens before, and closes after, something; and never inside a Latin word or a sum (3*4*5). */
function beside(source: string, at: number, length: number): Sides {
	const before = source[at - 1] ?? ' ';
	const after = source[at + length] ?? ' ';
	const blank = /\s/;
	const word = /[A-Za-z0-9]/;
	return {
		mayOpen: !blank.test(after) && !word.test(before),
		mayClose: !blank.test(before) && !word.test(after)
	};
}

function meet(out: Inline[], open: Open[], { mark, sign }: { mark: Mark; sign: string }, sides: Sides): void {
	const place = open.findIndex((one) => one.mark === mark);
	const begun = open[place];
	if (begun && sides.mayClose && out.length > begun.place + 1) {
		// What was opened inside and not closed stays as it was written.
		open.length = place;
		const children = join(out.splice(begun.place + 1));
		out[begun.place] = { kind: mark, children };
		return;
	}
	if (!begun && sides.mayOpen) open.push({ mark, sign, place: out.length });
	out.push({ kind: 'text', text: sign });
}

/** Neighbouring texts become one. */
function join(nodes: Inline[]): Inline[] {
	const out: Inline[] = [];
	for (const node of nodes) {
		const last = out.at(-1);
		if (node.kind === 'text' && last?.kind === 'text')
			out[out.length - 1] = { kind: 'text', text: last.text + node.text };
		else out.push(node);
	}
	return out;
}

function runLength(source: string, at: number, sign: string): number {
	let end = at;
	while (source[end] === sign) end += 1;
	return end - at;
}

/** Where a run of exactly so many back-ticks begins next; every run is looked at once. */
function tickRuns(source: string): (length: number, from: number) => number | null {
	let runs: Map<number, number[]> | null = null;
	return (length, from) => {
		if (!runs) {
			runs = new Map();
			for (const run of source.matchAll(/`+/g)) {
				const list = runs.get(run[0].length) ?? [];
				list.push(run.index);
				runs.set(run[0].length, list);
			}
		}
		const starts = runs.get(length);
		// Asked for with a growing `from`, so what lies before it is never wanted again.
		while (starts?.[0] !== undefined && starts[0] < from) starts.shift();
		return starts?.[0] ?? null;
	};
}

/** The tree as plain words: for previews, for copying, for screen readers. */
export function plain(tree: Block[], name: (member: string) => string = (member) => `@{${member}}`): string {
	return tree.map((block) => plainBlock(block, name)).join('\n');
}

function plainBlock(block: Block, name: (member: string) => string): string {
	switch (block.kind) {
		case 'paragraph':
			return plainInline(block.children, name);
		case 'code':
			return block.text;
		case 'quote':
			return plain(block.blocks, name);
		case 'list':
			return block.items.map((item) => plain(item.blocks, name)).join('\n');
	}
}

export function plainInline(nodes: Inline[], name: (member: string) => string): string {
	return nodes
		.map((node) => {
			switch (node.kind) {
				case 'text':
				case 'code':
					return node.text;
				case 'mention':
					return name(node.member);
				default:
					return plainInline(node.children, name);
			}
		})
		.join('');
}
