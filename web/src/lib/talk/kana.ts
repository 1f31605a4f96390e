/**
 * Finding people by how their names sound or look, while they are still being typed.
 *
 * What must stay true: full and half width, katakana and hiragana, capital and small
 * letters compare equal (the same equalities the server searches by, R35).
 */

const KATAKANA_TO_HIRAGANA = 0x60;

/** The form in which two writings of one name are equal. */
export function fold(text: string): string {
	let out = '';
	for (const sign of text.normalize('NFKC').toLowerCase()) {
		if (/[\s\u30fb\u00b7]/u.test(sign)) continue;
		const code = sign.codePointAt(0) ?? 0;
		const katakana = code >= 0x30a1 && code <= 0x30f6;
		out += katakana ? String.fromCodePoint(code - KATAKANA_TO_HIRAGANA) : sign;
	}
	return out;
}

/**
 * What was typed, ready to be looked for. An input method shows a half-typed syllable as a
 * Latin letter (おt on the way to おつ): that letter is not part of the name yet.
 */
export function foldQuery(text: string): string {
	const folded = fold(text);
	return /[\p{Script=Hiragana}\p{Script=Han}]/u.test(folded) ? folded.replace(/[a-z]{1,3}$/u, '') : folded;
}

export interface Named {
	display_name: string;
	family_name: string;
	given_name: string;
	family_kana: string;
	given_kana: string;
	staff_number?: string | null | undefined;
	company?: string | null | undefined;
}

/** How well a person answers a query: 0 best, `null` not at all. */
export function rank(person: Named, folded: string): number | null {
	if (folded === '') return 0;
	const whole = [
		fold(person.display_name),
		fold(person.family_name + person.given_name),
		fold(person.family_kana + person.given_kana)
	];
	if (whole.some((name) => name.startsWith(folded))) return 0;
	const given = [fold(person.given_name), fold(person.given_kana)];
	if (given.some((name) => name !== '' && name.startsWith(folded))) return 1;
	if (person.staff_number && fold(person.staff_number).startsWith(folded)) return 1;
	if (whole.some((name) => name.includes(folded))) return 2;
	return person.company && fold(person.company).includes(folded) ? 3 : null;
}

/** People that answer a query, best first, otherwise in the order of their kana. */
export function findPeople<P extends Named>(people: Iterable<P>, query: string, limit = Infinity): P[] {
	const folded = foldQuery(query);
	const hits: { person: P; place: number; kana: string }[] = [];
	for (const person of people) {
		const place = rank(person, folded);
		if (place !== null)
			hits.push({
				person,
				place,
				kana: fold(person.family_kana + person.given_kana) || fold(person.display_name)
			});
	}
	hits.sort((a, b) => a.place - b.place || (a.kana < b.kana ? -1 : a.kana > b.kana ? 1 : 0));
	return hits.slice(0, limit).map((hit) => hit.person);
}
