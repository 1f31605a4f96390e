/** Whether I may make a code for somebody's new device, and the part that does it: fetched only for those who may. */
import { answer, api } from '$lib/api/client';
import { piece } from '$lib/parts/piece';

const load = () => import('$lib/device/GiveCode.svelte');
export type Giving = { part: Awaited<ReturnType<typeof load>>['default'] };

/** Nothing where I may not, or where the line does not say. */
export async function giveCode(member: string): Promise<Giving | null> {
	try {
		const params = { path: { id: member } };
		const seen = await answer(api.GET('/api/v1/members/{id}', { params }));
		return seen.may_give_code ? { part: (await piece(load)).default } : null;
	} catch {
		return null;
	}
}
