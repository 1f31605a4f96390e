/**
 * Invitations just made. Their links exist here and nowhere else: the server keeps only a hash (R2), so what is not
 * printed or copied from this memory has to be made anew.
 */
import { answer, api } from '$lib/api/client';
import type { Invitation, Member } from '$lib/api/types';
import { directory } from '$lib/people/directory.svelte';

export type Sheet = { member: Member; invitation: Invitation; login: string | null };

class Invitations {
	sheets = $state.raw<readonly Sheet[]>([]);

	/** Makes one for each and keeps them for the sheets page. Throws a `Problem`. */
	async make(members: readonly (Member & { login?: string | null })[]): Promise<void> {
		const made = await answer(
			api.POST('/api/v1/invitations', { body: { members: members.map((member) => member.id) } })
		);
		const byId = new Map(made.map((invitation) => [invitation.member, invitation]));
		this.sheets = members.flatMap((member) => {
			const invitation = byId.get(member.id);
			return invitation
				? [{ member: directory.member(member.id) ?? member, invitation, login: member.login ?? null }]
				: [];
		});
	}

	async revoke(member: string): Promise<void> {
		await answer(api.DELETE('/api/v1/members/{id}/invitation', { params: { path: { id: member } } }));
		this.sheets = this.sheets.filter((sheet) => sheet.member.id !== member);
	}
}

export const invitations = new Invitations();
