/**
 * Mentions travel as `@{id}`. For reading, names take their place; marks behind them move by the difference, and a mark
 * that lay on an id goes with it.
 */
const MENTION = /@\{([0-9a-f-]{36}|all)\}/g;

export function named(
	text: string,
	marks: readonly (readonly number[])[],
	name: (member: string) => string
): { text: string; marks: number[][] } {
	const mentions = [...text.matchAll(MENTION)].map((found) => ({
		from: found.index,
		to: found.index + found[0].length,
		name: name(found[1] ?? '')
	}));
	const moved = marks
		.filter(
			([start = 0, length = 0]) => !mentions.some(({ from, to }) => start < to && start + length > from)
		)
		.map(([start = 0, length = 0]) => [
			mentions
				.filter(({ to }) => to <= start)
				.reduce((at, { from, to, name }) => at + name.length - (to - from), start),
			length
		]);
	return { text: text.replace(MENTION, (_, member: string) => name(member)), marks: moved };
}
