/**
 * What is asked of the server about devices. The types stand here until the server's own document names them.
 */
import { answer, api, carried } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { MemberDetail } from '$lib/api/types';
import type { Outcome } from '$lib/factors/calls';

export type DeviceState = 'pending' | 'enrolled' | 'locked' | 'wiping' | 'wiped' | 'removed';
export type DeviceKind = 'browser' | 'app' | 'desktop' | 'api';
export type Ownership = 'own' | 'lent';
export type Device = {
	id: string;
	member: string;
	name: string;
	kind: DeviceKind;
	os: string;
	ownership: Ownership;
	state: DeviceState;
	enrolled_at: number | null;
	consent: { version: number; at: number } | null;
	first_seen: number;
	last_seen: number;
	address: string;
	lock: { at: number; by: string | null } | null;
	wipe: {
		asked_at: number;
		by: string | null;
		confirmed_at: number | null;
		items: number | null;
	} | null;
	/** From when on it cannot read what it keeps, without being in touch. */
	unreadable_at: number | null;
	current: boolean;
};
export type OwnDevices = { devices: Device[]; most: number | null; lease_hours: number; may_add: boolean };
export type DeviceCode = {
	code: string;
	expires_at: number;
	uri: string;
	qr: { size: number; modules: string };
};
export type DeviceSettings = {
	required: boolean;
	code_from: { manager: boolean; own_device: boolean };
	approval: boolean;
	most: number | null;
	lease_hours: number;
};
export type DeviceTerms = { version: number; text: string; since: number | null };
export type LockedMember = MemberDetail & { locked?: { at: number; by: string | null } | null };
/** `wipe` with `DELETE` takes it back. */
export type Act = 'lock' | 'unlock' | 'wipe' | 'keep' | 'approve' | 'refuse';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- until the server's document names these routes
const raw = api as any;
const send = <T>(
	method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
	path: string,
	body?: unknown
): Promise<T> => answer<T>(raw[method](`/api/v1${path}`, body === undefined ? {} : { body }));

const acted = (base: string, act: Act): Promise<Device> =>
	act === 'keep' ? send('DELETE', `${base}/wipe`) : send('POST', `${base}/${act}`);

export const consent = (version: number) => send<Outcome>('POST', '/session/consent', { version });

export const ownDevices = () => send<OwnDevices>('GET', '/me/devices');
export const ownCode = () => send<DeviceCode>('POST', '/me/device-code');
export const renameOwn = (id: string, name: string) => send<Device>('PATCH', `/me/devices/${id}`, { name });
export const actOnOwn = (id: string, act: Act) => acted(`/me/devices/${id}`, act);

export const register = (asked: { member?: string; state?: DeviceState; after?: string }) => {
	const query = new URLSearchParams(asked as Record<string, string>).toString();
	return send<{ devices: Device[]; next: string | null }>('GET', `/devices${query && `?${query}`}`);
};
export const actOn = (id: string, act: Act) => acted(`/devices/${id}`, act);
export const change = (id: string, body: { name?: string; ownership?: Ownership }) =>
	send<Device>('PATCH', `/devices/${id}`, body);
export const codeFor = (member: string, ownership: Ownership) =>
	send<DeviceCode>('POST', `/members/${member}/device-code`, { ownership });
export const lockMember = (member: string, on: boolean) =>
	send<LockedMember>('POST', `/members/${member}/${on ? 'lock' : 'unlock'}`);

export const settings = () => send<DeviceSettings>('GET', '/organisation/devices');
export const saveSettings = (body: DeviceSettings) =>
	send<DeviceSettings>('PUT', '/organisation/devices', body);
export const terms = () => send<DeviceTerms>('GET', '/organisation/device-terms');
export const saveTerms = (text: string) => send<DeviceTerms>('PUT', '/organisation/device-terms', { text });

/** The whole register as a table for other programs. Asks for a proof first, as everything does that leaves the house. */
export async function sheet(): Promise<Blob> {
	const response = await carried(new Request('/api/v1/devices.csv'));
	if (!response.ok) throw Problem.refused(response.status, await response.json().catch(() => null));
	return response.blob();
}
