/** What is asked of the server about devices. */
import { answer, api, carried } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { components } from '$lib/api/schema';
import type { Outcome } from '$lib/factors/calls';

type Schemas = components['schemas'];
export type DeviceState = Schemas['DeviceState'];
export type DeviceKind = Schemas['DeviceKind'];
export type Ownership = Schemas['Ownership'];
export type Device = Schemas['Device'];
export type OwnDevices = Schemas['OwnDevices'];
export type DeviceCode = Schemas['DeviceCode'];
export type DeviceSettings = Schemas['DeviceSettings'];
export type DeviceTerms = Schemas['DeviceTerms'];
/** What is done to a device; `keep` takes a wipe back. */
export type OwnAct = 'lock' | 'unlock' | 'wipe' | 'keep';
export type Act = OwnAct | 'approve' | 'refuse';

const of = (id: string) => ({ params: { path: { id } } });

export const consent = (version: number): Promise<Outcome> =>
	answer<Outcome>(api.POST('/api/v1/session/consent', { body: { version } }));

export const ownDevices = () => answer(api.GET('/api/v1/me/devices'));
export const ownCode = () => answer(api.POST('/api/v1/me/device-code'));
export const renameOwn = (id: string, name: string) =>
	answer(api.PATCH('/api/v1/me/devices/{id}', { ...of(id), body: { name } }));
export const actOnOwn = (id: string, act: OwnAct): Promise<Device> =>
	act === 'keep'
		? answer(api.DELETE('/api/v1/me/devices/{id}/wipe', of(id)))
		: answer(api.POST(`/api/v1/me/devices/{id}/${act}`, of(id)));

export const register = (query: { member?: string; state?: DeviceState; after?: string }) =>
	answer(api.GET('/api/v1/devices', { params: { query } }));
export const actOn = (id: string, act: Act): Promise<Device> =>
	act === 'keep'
		? answer(api.DELETE('/api/v1/devices/{id}/wipe', of(id)))
		: answer(api.POST(`/api/v1/devices/{id}/${act}`, of(id)));
export const change = (id: string, body: { name?: string; ownership?: Ownership }) =>
	answer(api.PATCH('/api/v1/devices/{id}', { ...of(id), body }));
export const codeFor = (member: string, ownership: Ownership) =>
	answer(api.POST('/api/v1/members/{id}/device-code', { ...of(member), body: { ownership } }));
export const lockMember = (member: string, on: boolean) =>
	answer(api.POST(`/api/v1/members/{id}/${on ? 'lock' : 'unlock'}`, of(member)));

export const settings = () => answer(api.GET('/api/v1/organisation/devices'));
export const saveSettings = (body: DeviceSettings) =>
	answer(api.PUT('/api/v1/organisation/devices', { body }));
export const terms = () => answer(api.GET('/api/v1/organisation/device-terms'));
export const saveTerms = (text: string) =>
	answer(api.PUT('/api/v1/organisation/device-terms', { body: { text } }));

/** The whole register as a table for other programs. Asks for a proof first, as everything does that leaves the house. */
export async function sheet(): Promise<Blob> {
	const response = await carried(new Request('/api/v1/devices.csv'));
	if (!response.ok) throw Problem.refused(response.status, await response.json().catch(() => null));
	return response.blob();
}
