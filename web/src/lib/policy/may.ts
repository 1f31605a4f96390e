/**
 * What this device may do, as the server last said with who we are.
 *
 * What must stay true: this only spares people a refusal or keeps honest ones honest; the server decides by itself.
 */
import type { Me } from '$lib/api/types';
import { session } from '$lib/session/session.svelte';

export type OwnShort = {
	download: boolean;
	copy: boolean;
	print: boolean;
	share: boolean;
	watermark: boolean;
	blur: boolean;
	app_lock_minutes: number | null;
	version: number;
};

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

export const may = (): OwnShort => (session.me as (Me & { policy?: OwnShort }) | null)?.policy ?? FREE;

/** Whether something has to stand around the pages before they are shown. */
export const guarded = (): boolean => {
	const { copy, print, share, download, watermark, blur } = may();
	return watermark || blur || !(copy && print && share && download);
};
