/** Changing one's password and making new recovery codes. Nothing typed here outlives the page. */
import { answer, api } from '$lib/api/client';
import { Meter } from '$lib/door/meter.svelte';
import { Attempts } from '$lib/parts/attempts.svelte';

export class PasswordChange extends Attempts {
	current = $state('');
	readonly meter = new Meter();

	/** @param beside whether a second factor stands beside the password */
	constructor(beside: boolean) {
		super();
		this.meter.beside = beside;
	}

	send(): Promise<boolean> {
		return this.attempt(async () => {
			const body = { current: this.current, password: this.meter.password };
			await answer(api.PUT('/api/v1/me/password', { body }));
			this.current = this.meter.password = '';
		});
	}
}

export class RecoveryCodes extends Attempts {
	password = $state('');
	codes = $state.raw<readonly string[]>([]);

	async make(): Promise<void> {
		await this.attempt(async () => {
			const body = { password: this.password };
			this.codes = (await answer(api.POST('/api/v1/me/recovery-codes', { body }))).recovery_codes;
			this.password = '';
		});
	}
}
