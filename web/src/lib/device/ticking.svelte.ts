/** The time for what counts down on a screen: anew every second while something shows it. */
import { onMount } from 'svelte';

export function ticking(): { readonly now: number } {
	let now = $state(Date.now());
	onMount(() => {
		const timer = setInterval(() => (now = Date.now()), 1000);
		return () => clearInterval(timer);
	});
	return {
		get now() {
			return now;
		}
	};
}
