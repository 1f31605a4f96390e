/**
 * What this device may do, as the server last said with who we are.
 *
 * What must stay true: this only spares people a refusal or keeps honest ones honest; the server decides by itself.
 */
import type { components } from '$lib/api/schema';
import { session } from '$lib/session/session.svelte';

type OwnShort = components['schemas']['MyPolicy'];

/** As it is without any rule, and with a server that knows none. */
const FREE: OwnShort = {
	download: true,
	copy: true,
	print: true,
	share: true,
	watermark: false,
	blur: false,
	app_lock_minutes: null,
	version: 0
};

export const may = (): OwnShort => session.me?.policy ?? FREE;

/** Whether something has to stand around the pages before they are shown. */
export const guarded = (): boolean => {
	const { copy, print, share, download, watermark, blur } = may();
	return watermark || blur || !(copy && print && share && download);
};
