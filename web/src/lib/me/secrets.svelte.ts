/** Changing one's password and making new recovery codes. Nothing typed here outlives the page. */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { Meter } from '$lib/door/meter.svelte';

export class PasswordChange {
	current = $state('');
	readonly meter = new Meter();
	busy = $state(false);
	problem = $state.raw<Problem | null>(null);

	/** @param beside whether a second factor stands beside the password */
	constructor(beside: boolean) {
		this.meter.beside = beside;
	}

	async send(): Promise<boolean> {
		if (this.busy) return false;
		this.busy = true;
		this.problem = null;
		try {
			const body = { current: this.current, password: this.meter.password };
			await answer(api.PUT('/api/v1/me/password', { body }));
			this.current = this.meter.password = '';
			return true;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			return false;
		} finally {
			this.busy = false;
		}
	}
}

export class RecoveryCodes {
	password = $state('');
	codes = $state.raw<readonly string[]>([]);
	busy = $state(false);
	problem = $state.raw<Problem | null>(null);

	async make(): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		this.problem = null;
		try {
			const made = await answer(api.POST('/api/v1/me/recovery-codes', { body: { password: this.password } }));
			this.codes = made.recovery_codes;
			this.password = '';
		} catch (thrown) {
			this.problem = Problem.from(thrown);
		} finally {
			this.busy = false;
		}
	}
}
