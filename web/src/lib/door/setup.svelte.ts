/**
 * The first set-up of an organisation, step by step. Nothing is written until the owner's page is sent; after that
 * there is no way back, because the recovery codes exist and are shown once. They come before the second factor, so
 * that nothing has to be done while they are the only thing that is not yet on paper.
 */
import { answer, api } from '$lib/api/client';
import { Attempts } from '$lib/parts/attempts.svelte';
import { hiragana } from '$lib/people/kana';
import type { Me } from '$lib/api/types';
import { isStanding, type Outcome, type Standing } from '$lib/factors/calls';
import { Entering } from './entering.svelte';
import { Meter } from './meter.svelte';

export type Step = 'organisation' | 'owner' | 'codes' | 'factor' | 'start';
export const STEPS: readonly Step[] = ['organisation', 'owner', 'codes', 'factor', 'start'];

/** The person, or what is needed of them; the codes either way. */
type SetUpDone = { recovery_codes: string[] } & ({ me: Me } | Standing);

export class SetUp extends Attempts {
	step = $state<Step>('organisation');
	organisation = $state('');
	code = $state('');
	family = $state('');
	given = $state('');
	familyKana = $state('');
	givenKana = $state('');
	login = $state('');
	readonly meter = new Meter();
	codes = $state.raw<readonly string[]>([]);
	#outcome: Outcome | null = null;
	written = $state(false);

	/** What the owner still needs once the organisation stands. */
	readonly entering = new Entering(null, () => (this.step = 'start'));

	constructor(readonly needsCode: boolean) {
		super();
	}

	get at(): number {
		return STEPS.indexOf(this.step);
	}

	/** Whether leaving the page now would lose codes nobody has written down. */
	get wouldLose(): boolean {
		return this.step === 'codes' && !this.written;
	}

	toOwner(): void {
		this.problem = null;
		this.step = 'owner';
	}

	toOrganisation(): void {
		this.step = 'organisation';
	}

	async create(): Promise<void> {
		const made = await this.attempt(async () => {
			const done = await answer<SetUpDone>(
				api.POST('/api/v1/setup', {
					body: {
						organisation: this.organisation.trim(),
						family_name: this.family.trim(),
						given_name: this.given.trim(),
						family_kana: hiragana(this.familyKana.trim()),
						given_kana: hiragana(this.givenKana.trim()),
						login: this.login.trim(),
						password: this.meter.password,
						...(this.needsCode ? { code: this.code.trim() } : {})
					}
				})
			);
			this.#outcome = 'me' in done ? done.me : done;
			this.codes = done.recovery_codes;
			this.meter.password = '';
			this.step = 'codes';
		});
		if (!made && this.#aboutFirstPage()) this.step = 'organisation';
	}

	/** The codes are on paper: on to what else is needed. */
	onward(): void {
		const outcome = this.#outcome;
		this.codes = [];
		this.#outcome = null;
		if (!outcome) return;
		if (isStanding(outcome)) this.step = 'factor';
		this.entering.take(outcome);
	}

	#aboutFirstPage(): boolean {
		const problem = this.problem;
		if (!problem) return false;
		return (
			problem.fields.some((field) => field === 'organisation' || field === 'code') ||
			problem.code.startsWith('setup.code')
		);
	}
}
