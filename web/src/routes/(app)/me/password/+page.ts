import { factors } from '$lib/factors/calls';
import type { PageLoad } from './$types';

export const load: PageLoad = async () => ({ factors: await factors() });
