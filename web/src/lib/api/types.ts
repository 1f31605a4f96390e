/** Short names for the wire's types. */
import type { components, paths } from './schema';

type Schemas = components['schemas'];
export type Kind = Schemas['Kind'];
export type Role = Schemas['Role'];
export type Member = Schemas['Member'];
export type MemberDetail = Schemas['MemberDetail'];
export type Department = Schemas['Department'];
export type Me = Schemas['Me'];
export type Preferences = Schemas['Preferences'];
export type Room = Schemas['Room'];
export type RoomKind = Schemas['RoomKind'];
export type Message = Schemas['Message'];
export type Label = Schemas['Label'];

type Body<T> = T extends { content: { 'application/json': infer B } } ? B : never;
type Ok<P extends keyof paths, M extends keyof paths[P], S extends number> = paths[P][M] extends {
	responses: infer R;
}
	? S extends keyof R
		? Body<R[S]>
		: never
	: never;

export type Welcome = Ok<'/api/v1/welcome', 'get', 200>;
export type PasswordCheck = Ok<'/api/v1/passwords/check', 'post', 200>;
export type SessionEntry = Ok<'/api/v1/me/sessions', 'get', 200>[number];
export type Invitation = Ok<'/api/v1/invitations', 'post', 201>[number];
export type InvitationLook = Ok<'/api/v1/invitations/look', 'post', 200>;
export type ImportPreview = Ok<'/api/v1/members/import/preview', 'post', 200>;
export type ImportRow = ImportPreview['rows'][number];

/** What one may be allowed, as the server names it. */
export type Permission =
	| 'members.manage'
	| 'roles.grant'
	| 'members.view_all'
	| 'departments.manage'
	| 'rooms.create'
	| 'rooms.create_broadcast'
	| 'rooms.mention_all'
	| 'rooms.manage_any'
	| 'organisation.manage';
