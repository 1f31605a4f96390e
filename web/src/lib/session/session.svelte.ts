/**
 * Who is using this browser. `me` is what the server last said; preferences are applied the moment they are chosen
 * and saved behind, and fall back to what the server holds when saving is refused.
 */
import { answer, api } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { Me, Permission, Preferences } from '$lib/api/types';
import { language } from '$lib/i18n/language.svelte';
import { theme } from '$lib/i18n/theme.svelte';
import { shut } from './shut.svelte';

class Session {
	me = $state.raw<Me | null>(null);
	/** Whether this person is on the way out by their own wish: then nobody has to be sent to the door. */
	ending = false;
	#ends: (() => void | Promise<void>)[] = [];

	get preferences(): Preferences {
		return this.me?.preferences ?? { language: null, theme: null, enter_sends: true };
	}

	may(permission: Permission): boolean {
		return this.me?.permissions.includes(permission) ?? false;
	}

	/**
	 * Asks the server who this is. `out`: nobody is signed in. `entering`: somebody is on the way in, and something is
	 * still needed of them. Throws a `Problem` when that cannot be known.
	 */
	async load(): Promise<'in' | 'entering' | 'out'> {
		try {
			this.accept(await answer(api.GET('/api/v1/session')));
			shut.opened();
			return 'in';
		} catch (thrown) {
			const { status, code } = Problem.from(thrown);
			if (status !== 401 && code !== 'session.incomplete') throw thrown;
			this.me = null;
			return status === 401 ? 'out' : 'entering';
		}
	}

	/** Takes over what a sign-in, a set-up or an accepted invitation answered. */
	accept(me: Me): void {
		this.me = me;
		this.#apply(me.preferences);
	}

	async prefer(change: Partial<Preferences>): Promise<void> {
		const before = this.me;
		if (!before) return;
		const wished = { ...before.preferences, ...change };
		this.me = { ...before, preferences: wished };
		this.#apply(wished);
		try {
			const preferences = await answer(api.PUT('/api/v1/me/preferences', { body: wished }));
			this.me = { ...this.me, preferences };
		} catch (thrown) {
			this.me = { ...this.me, preferences: before.preferences };
			this.#apply(before.preferences);
			throw thrown;
		}
	}

	/** Something to clear when this person leaves the browser: drafts, queues, open sockets. */
	whenEnding(act: () => void | Promise<void>): void {
		this.#ends.push(act);
	}

	/** Ends the session on the server first: a sign-out that only looks like one would be a lie. */
	async end(): Promise<void> {
		this.ending = true;
		try {
			await answer(api.DELETE('/api/v1/session'));
		} catch (thrown) {
			this.ending = false;
			throw thrown;
		}
		await this.clear();
	}

	/** Nothing of this person stays in the page or the browser, whatever the server thinks. */
	async clear(): Promise<void> {
		this.ending = true;
		for (const act of this.#ends) await act();
		this.me = null;
	}

	#apply(preferences: Preferences): void {
		language.choose(preferences.language ?? null);
		theme.choose(preferences.theme ?? null);
	}
}

export const session = new Session();
