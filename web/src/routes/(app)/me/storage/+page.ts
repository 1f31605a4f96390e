import { usage } from '$lib/files/calls';
import type { PageLoad } from './$types';

export const load: PageLoad = async () => ({ usage: await usage() });
