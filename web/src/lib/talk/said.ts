/** A message in one line, for quotes, sheets and announcements: its words, or what it carries where there are none. */
import { filesWords } from '$lib/files/words';
import type { Message } from '$lib/live/wire';
import { preview } from './preview';

export const said = (message: Pick<Message, 'text' | 'files'>, name?: (member: string) => string): string =>
	preview(message.text ?? '', name) || filesWords(message.files.length, message.files[0]?.kind ?? null);
