/**
 * The rules while somebody changes them: a draft beside what is in force.
 *
 * What must stay true: nothing is in force before it was looked through and saved as a whole; who saves meanwhile is
 * not overwritten.
 */
import { Problem } from '$lib/api/problem';
import { newId } from '$lib/live/uuid';
import { changes, limited } from './rules';
import * as wire from './wire';
import type { Limit, Limits, Preview, Rule, RuleSet } from './wire';

export class Editor {
	saved = $state.raw<RuleSet>({ version: 0, rules: [] });
	rules = $state.raw<readonly Rule[]>([]);
	busy = $state<'preview' | 'save' | null>(null);
	problem = $state.raw<Problem | null>(null);
	/** What saving would do; while it is there, somebody decides. */
	seen = $state.raw<Preview | null>(null);

	constructor(set: RuleSet) {
		this.#take(set);
	}

	#take(set: RuleSet): void {
		this.saved = set;
		this.rules = set.rules;
		this.seen = null;
	}

	readonly changes = $derived(changes(this.saved.rules, this.rules));

	before(rule: Rule): Rule | undefined {
		return this.saved.rules.find(({ id }) => id === rule.id);
	}

	add(rule: Omit<Rule, 'id'>): Rule {
		const made = { ...rule, id: newId() };
		this.rules = [...this.rules, made];
		return made;
	}

	put(rule: Rule): void {
		this.rules = this.rules.map((one) => (one.id === rule.id ? rule : one));
	}

	limit(rule: Rule, limit: Limit, value: Limits[Limit] | undefined): void {
		this.put(limited(rule, limit, value));
	}

	remove(rule: Rule): void {
		this.rules = this.rules.filter(({ id }) => id !== rule.id);
	}

	undo(): void {
		this.rules = this.saved.rules;
		this.problem = null;
	}

	/** Asks what saving would do. */
	async look(): Promise<void> {
		await this.#ask('preview', async () => (this.seen = await wire.preview([...this.rules])));
	}

	/** `true`: it is in force. */
	async save(understood: boolean): Promise<boolean> {
		const set = { version: this.saved.version, rules: [...this.rules] };
		return this.#ask('save', async () => this.#take(await wire.save(set, understood)));
	}

	async reload(): Promise<void> {
		await this.#ask('preview', async () => this.#take(await wire.rules()));
	}

	async #ask(what: 'preview' | 'save', act: () => Promise<unknown>): Promise<boolean> {
		this.busy = what;
		this.problem = null;
		try {
			await act();
			return true;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			if (this.problem.code !== 'policy.locks_you_out') this.seen = null;
			return false;
		} finally {
			this.busy = null;
		}
	}
}
