/**
 * Mentions while they are written: the field shows @乙川 一二三, the wire carries `@{id}`.
 *
 * What must stay true: only a name that was chosen becomes a mention, so that nobody is called
 * by a coincidence of letters; and what is edited again reads as it was written.
 */

/** Shown name (without @) → member id, or `all`. */
export type Picked = ReadonlyMap<string, string>;

/** A beginning of a name just before the caret. */
export interface Asked {
	/** Where the @ stands. */
	from: number;
	query: string;
}

/** No name is longer; what is longer is a sentence. */
const LONGEST = 24;

export function asked(text: string, caret: number): Asked | null {
	const reach = text.slice(Math.max(0, caret - LONGEST - 1), caret);
	const at = Math.max(reach.lastIndexOf('@'), reach.lastIndexOf('＠'));
	if (at < 0) return null;
	const query = reach.slice(at + 1);
	const before = reach[at - 1] ?? '';
	// An address (a@b) is no mention; a Japanese sentence goes on without a space before its @.
	if (/[\s{]/.test(query) || /[A-Za-z0-9._+-]/.test(before)) return null;
	return { from: caret - reach.length + at, query };
}

/** The text with the name put in where it was asked for, and where the caret goes. */
export function put(
	text: string,
	caret: number,
	{ from }: Asked,
	name: string
): { text: string; caret: number } {
	const before = `${text.slice(0, from)}@${name} `;
	return { text: before + text.slice(caret), caret: before.length };
}

/** As the server takes it. */
export function toWire(text: string, picked: Picked): string {
	// Longer names first: 佐藤 must not take the beginning of 佐藤 春子.
	const names = [...picked.keys()].filter((name) => name !== '').sort((a, b) => b.length - a.length);
	if (names.length === 0) return text;
	const any = new RegExp(
		`[@＠](${names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})`,
		'g'
	);
	return text.replace(any, (whole, name: string) => {
		const member = picked.get(name);
		return member ? `@{${member}}` : whole;
	});
}

/** As it was written, with what was picked. */
export function fromWire(
	text: string,
	name: (member: string) => string
): { text: string; picked: Map<string, string> } {
	const picked = new Map<string, string>();
	const shown = text.replace(/@\{([0-9a-f-]{36}|all)\}/g, (_, member: string) => {
		picked.set(name(member), member);
		return `@${name(member)}`;
	});
	return { text: shown, picked };
}
