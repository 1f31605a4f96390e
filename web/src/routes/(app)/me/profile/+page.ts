import { ownName } from '$lib/names/calls';
import type { PageLoad } from './$types';

export const load: PageLoad = async () => ({ naming: await ownName() });
