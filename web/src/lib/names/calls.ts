/** What is asked of the server about names: one's own, and those that others asked for. */
import { answer, api } from '$lib/api/client';
import type { Problem } from '$lib/api/problem';
import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];
export type Similar = Schemas['Similar'];
export type OwnName = Schemas['OwnName'];
export type NameRequest = Schemas['NameRequest'];
export type Names = Schemas['Names'];
export type Holders = Schemas['Holders'];
export type Power = Schemas['Power'];

export const ownName = () => answer(api.GET('/api/v1/me/profile'));
export const wantName = (display_name: string) =>
	answer<OwnName>(api.PUT('/api/v1/me/profile', { body: { display_name } }));
export const withdrawName = () => answer(api.DELETE('/api/v1/me/profile/request'));
export const nameRequests = () => answer(api.GET('/api/v1/name-requests'));
export const approveName = ({ member, display_name }: NameRequest) =>
	answer(
		api.POST('/api/v1/name-requests/{member}/approve', {
			params: { path: { member: member.id } },
			body: { display_name }
		})
	);
export const refuseName = ({ member, display_name }: NameRequest, reason: string) =>
	answer(
		api.POST('/api/v1/name-requests/{member}/refuse', {
			params: { path: { member: member.id } },
			body: { display_name, reason }
		})
	);
export const oversight = () => answer(api.GET('/api/v1/me/oversight'));

/** Those whom a refused name cannot be told from, as far as one may see them. */
export function similarIn(problem: Problem | null): readonly Similar[] {
	const similar = problem?.code === 'name.taken' ? problem.facts.similar : undefined;
	return Array.isArray(similar) ? (similar as Similar[]) : [];
}
