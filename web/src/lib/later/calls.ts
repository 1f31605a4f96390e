/** What a person keeps for later, asked of the server. Each answers with the body or throws a `Problem`. */
import { answer, api } from '$lib/api/client';
import type { components } from '$lib/api/schema';
import type { Label } from '$lib/live/wire';

export type Schedule = components['schemas']['Schedule'];
export type Reminder = components['schemas']['Reminder'];
export type Bookmark = components['schemas']['Bookmark'];

export const unanswered = (older?: number) =>
	answer(
		api.GET('/api/v1/unanswered', { params: { query: older === undefined ? {} : { older_than: older } } })
	);

export const unansweredCount = () => answer(api.GET('/api/v1/unanswered/count'));

export const bookmarks = (older?: number) =>
	answer(
		api.GET('/api/v1/bookmarks', { params: { query: older === undefined ? {} : { older_than: older } } })
	);

export const bookmark = (message: string, on: boolean): Promise<unknown> => {
	const options = { params: { path: { message } } };
	return on
		? answer(api.PUT('/api/v1/bookmarks/{message}', options))
		: answer(api.DELETE('/api/v1/bookmarks/{message}', options));
};

export const reminders = () => answer(api.GET('/api/v1/reminders'));

export const remind = (id: string, message: string, at: number): Promise<unknown> =>
	answer(api.PUT('/api/v1/reminders/{id}', { params: { path: { id } }, body: { message, at } }));

export const forget = (id: string): Promise<unknown> =>
	answer(api.DELETE('/api/v1/reminders/{id}', { params: { path: { id } } }));

export const schedules = () => answer(api.GET('/api/v1/schedules'));

export interface NewSchedule {
	room: string;
	text: string;
	label: Label | null;
	reply_to: string | null;
	files?: string[];
	at: number;
}

export const schedule = (id: string, body: NewSchedule): Promise<unknown> =>
	answer(api.PUT('/api/v1/schedules/{id}', { params: { path: { id } }, body }));

export const reschedule = (id: string, body: { text?: string; at?: number }): Promise<unknown> =>
	answer(api.PATCH('/api/v1/schedules/{id}', { params: { path: { id } }, body }));

export const unschedule = (id: string): Promise<unknown> =>
	answer(api.DELETE('/api/v1/schedules/{id}', { params: { path: { id } } }));

export const sendNow = (id: string): Promise<unknown> =>
	answer(api.POST('/api/v1/schedules/{id}/send', { params: { path: { id } } }));
