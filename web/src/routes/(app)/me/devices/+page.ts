import { ownDevices } from '$lib/device/calls';
import type { PageLoad } from './$types';

export const load: PageLoad = async () => ({ own: await ownDevices() });
