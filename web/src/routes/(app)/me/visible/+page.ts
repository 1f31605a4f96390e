import { oversight } from '$lib/names/calls';
import type { PageLoad } from './$types';

export const load: PageLoad = async () => ({ powers: await oversight() });
