import { own } from '$lib/policy/wire';
import type { PageLoad } from './$types';

export const load: PageLoad = async () => ({ own: await own() });
