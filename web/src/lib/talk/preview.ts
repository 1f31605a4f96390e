/**
 * A message in one line: for the list of rooms, for quotes and for announcements.
 *
 * What must stay true: it holds no mark-up and no line break, and is never longer than the
 * server's own previews (120 code points).
 */
import { parse, plain } from './markdown';

const LIMIT = 120;

export function preview(text: string, name?: (member: string) => string): string {
	const line = plain(parse(text), name).replace(/\s+/g, ' ').trim();
	const signs = Array.from(line);
	return signs.length > LIMIT ? `${signs.slice(0, LIMIT - 1).join('')}…` : line;
}

/** A line that came from the server, with the names of those it points at. */
export function withNames(line: string, name: (member: string) => string): string {
	return line.replace(/@\{([0-9a-f-]{36}|all)\}/g, (_, member: string) => name(member));
}
