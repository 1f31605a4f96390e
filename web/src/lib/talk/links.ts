/**
 * Links in a message: what is one, and which may be followed.
 *
 * What must stay true: only http, https and mailto ever become a link (R37), and what cannot
 * be a link stays the text it was.
 */

const ALLOWED = new Set(['http:', 'https:', 'mailto:']);
/** RFC 3986's characters. Japanese goes on without a space after an address, so nothing else counts. */
const AUTOLINK = /https?:\/\/[A-Za-z0-9[\]._~:/?#@!$&'()*+,;=%-]+/iy;
const TRAILING = ".,;:!?'*~";
/** Longest that is looked through for the end of `[text](address)`: keeps hostile text cheap. */
const TEXT_REACH = 500;
const ADDRESS_REACH = 2000;

/** The address in the form the browser will follow, or `null` when it may not. */
export function tidyUrl(address: string): string | null {
	try {
		const url = new URL(address);
		if (!ALLOWED.has(url.protocol)) return null;
		if (url.protocol !== 'mailto:' && url.hostname === '') return null;
		return url.href;
	} catch {
		return null;
	}
}

/** The bare address that begins at `at`, without the full stop or bracket that follows it. */
export function autolink(source: string, at: number): string | null {
	if (at > 0 && /[A-Za-z0-9]/.test(source[at - 1] ?? '')) return null;
	AUTOLINK.lastIndex = at;
	const found = AUTOLINK.exec(source)?.[0];
	if (!found) return null;
	const url = found.slice(0, addressLength(found));
	return tidyUrl(url) ? url : null;
}

/** `[text](address)` that begins at `at`. */
export function linkAt(source: string, at: number): { text: string; href: string; end: number } | null {
	const reach = source.slice(at + 1, at + 1 + TEXT_REACH);
	const close = reach.search(/[\][]|\n/);
	if (close < 1 || reach[close] !== ']' || reach[close + 1] !== '(') return null;
	const from = at + 1 + close + 2;
	const address = source.slice(from, from + ADDRESS_REACH);
	const end = addressEnd(address);
	if (end === null) return null;
	const raw = address.slice(0, end);
	// A relative address would lead into this client: an address says where it goes.
	if (!/^(?:https?:\/\/|mailto:)/i.test(raw)) return null;
	const href = tidyUrl(raw);
	return href ? { text: reach.slice(0, close), href, end: from + end + 1 } : null;
}

/** The closing bracket, pairs inside the address counted; `null` when a blank comes first. */
function addressEnd(address: string): number | null {
	let depth = 0;
	for (let at = 0; at < address.length; at += 1) {
		const sign = address[at] ?? '';
		if (/[\s<>]/.test(sign)) return null;
		if (sign === '(') depth += 1;
		if (sign === ')' && depth-- === 0) return at;
	}
	return null;
}

/** How much of a bare address is the address: closing brackets without a partner are the sentence's. */
function addressLength(url: string): number {
	const spare = { ')': balance(url, '(', ')'), ']': balance(url, '[', ']') };
	let end = url.length;
	for (; end > 0; end -= 1) {
		const sign = url[end - 1] ?? '';
		if (TRAILING.includes(sign)) continue;
		if ((sign === ')' || sign === ']') && spare[sign] > 0) spare[sign] -= 1;
		else break;
	}
	return end;
}

function balance(text: string, open: string, close: string): number {
	return text.split(close).length - text.split(open).length;
}
