/** What is asked of the server about alarms. */
import { answer, api } from '$lib/api/client';
import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];
export type Alarm = Schemas['Alarm'];
export type AlarmKind = Schemas['AlarmKind'];
export type OwnAlarms = Schemas['OwnAlarms'];
export type AlarmPage = Schemas['AlarmPage'];
export type Denied = Schemas['AlarmDenied'];

export const ownAlarms = () => answer(api.GET('/api/v1/me/alarms'));
export const seeOwn = (upto: string) => answer(api.POST('/api/v1/me/alarms/seen', { body: { upto } }));
export const notMe = (id: string) =>
	answer(api.POST('/api/v1/me/alarms/{id}/not-me', { params: { path: { id } } }));

export const adminAlarms = (after?: string) =>
	answer(api.GET('/api/v1/alarms', { params: { query: after ? { after } : {} } }));
export const see = (id: string) => answer(api.POST('/api/v1/alarms/{id}/seen', { params: { path: { id } } }));
export const seeAll = (upto: string) => answer(api.POST('/api/v1/alarms/seen', { body: { upto } }));
