/**
 * Whether the details stand open. On a wide screen they are a column that stays as it was left; below that they
 * lie over the conversation, and Back closes them.
 */
import { pushState } from '$app/navigation';
import { page } from '$app/state';
import { keep, kept } from '$lib/i18n/keep';
import { MediaQuery } from 'svelte/reactivity';

class Pane {
	#wide = new MediaQuery('(min-width: 1180px)', true);
	details = $state(kept('details') !== 'closed');

	get wide(): boolean {
		return this.#wide.current;
	}

	toggle = (): void => {
		if (!this.wide) {
			if (page.state.over === 'details') history.back();
			else pushState('', { over: 'details' });
			return;
		}
		this.details = !this.details;
		keep('details', this.details ? null : 'closed');
	};

	close = (): void => {
		if (this.wide ? this.details : page.state.over === 'details') this.toggle();
	};
}

export const pane = new Pane();
