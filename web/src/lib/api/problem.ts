/**
 * What went wrong, in words for the reader. Every refusal of the server and every failure of the line becomes one
 * `Problem`; nothing else in the client makes up words for a failed call.
 */
import { m } from '$lib/paraglide/messages';
import { getLocale } from '$lib/paraglide/runtime';
import type { components } from './schema';

type Wire = components['schemas']['Problem'];

/**
 * `network`: no answer came, so nothing is known. `refused`: the server answered and said no. `browser`: the browser,
 * or whoever sits at it, did not go along, so nothing was asked.
 */
export type ProblemKind = 'network' | 'refused' | 'browser';

export class Problem extends Error {
	readonly kind: ProblemKind;
	/** HTTP status; 0 when no answer came. */
	readonly status: number;
	/** Stable, e.g. `signin.refused`; shown small, never as the message itself. */
	readonly code: string;
	readonly facts: Readonly<Record<string, unknown>>;
	readonly #wire: Wire | null;
	#said: (() => string) | null = null;

	private constructor(kind: ProblemKind, status: number, code: string, wire: Wire | null, cause?: unknown) {
		super(code, { cause });
		this.name = 'Problem';
		this.kind = kind;
		this.status = status;
		this.code = code;
		this.#wire = wire;
		this.facts = (wire?.facts as Record<string, unknown> | undefined) ?? {};
	}

	static network(cause?: unknown): Problem {
		return new Problem('network', 0, 'network', null, cause);
	}

	/** From the answer's body; anything that is not problem+json (a proxy's page) keeps only its status. */
	static refused(status: number, body: unknown): Problem {
		if (isWire(body)) return new Problem('refused', status, body.code, body);
		return new Problem('refused', status, `http.${status}`, null);
	}

	/** What the browser would not do, with words for it. */
	static browser(code: string, words: () => string, cause?: unknown): Problem {
		const problem = new Problem('browser', 0, code, null, cause);
		problem.#said = words;
		return problem;
	}

	static from(thrown: unknown): Problem {
		return thrown instanceof Problem ? thrown : Problem.network(thrown);
	}

	/** One or two sentences: what happened, why, what to do. Reads the language at the time of asking. */
	get words(): string {
		if (this.kind === 'network') return m.problem_network();
		if (this.#said) return this.#said();
		if (this.#wire) return getLocale() === 'en' ? this.#wire.detail_en : this.#wire.detail;
		return this.status >= 500 ? m.problem_server() : m.problem_unknown();
	}

	/** Words for one field, when the server named it. */
	field(name: string): string | undefined {
		const hit = this.#wire?.errors?.find((error) => error.field === name);
		return hit && (getLocale() === 'en' ? hit.detail_en : hit.detail);
	}

	/** Names of the fields the server spoke about, in its order. */
	get fields(): readonly string[] {
		return this.#wire?.errors?.map((error) => error.field) ?? [];
	}
}

function isWire(body: unknown): body is Wire {
	if (typeof body !== 'object' || body === null) return false;
	const candidate = body as Partial<Wire>;
	return typeof candidate.code === 'string' && typeof candidate.detail === 'string';
}
