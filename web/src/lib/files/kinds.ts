/** How files are told apart at a glance, and said in one word. */
import { m } from '$lib/paraglide/messages';
import type { FileInfo, FileKind } from './wire';

/** Letters on the sheet of a file card: its true extension, else a word for its kind. */
export function cardLetters({ extension, kind }: Pick<FileInfo, 'extension' | 'kind'>): string {
	if (extension && extension.length <= 5) return extension.toUpperCase();
	return {
		image: 'IMG',
		video: 'MOV',
		audio: 'SND',
		pdf: 'PDF',
		text: 'TXT',
		archive: 'ZIP',
		document: 'DOC',
		other: '…'
	}[kind];
}

/** Of a file the server has not seen yet. */
export function guessed(name: string, media: string): Pick<FileInfo, 'extension' | 'kind'> {
	const dot = name.lastIndexOf('.');
	const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
	const [family] = media.split('/');
	const kind: FileKind =
		family === 'image' || family === 'video' || family === 'audio'
			? family
			: media === 'application/pdf'
				? 'pdf'
				: 'other';
	return { extension, kind };
}

/** Shown as a picture in the conversation. */
export const isPicture = (file: FileInfo): boolean =>
	file.kind === 'image' && file.preview && file.state === 'ready';

/** What the viewer can show here. */
export const viewable = (file: FileInfo): boolean =>
	file.state === 'ready' && (isPicture(file) || file.kind === 'pdf' || file.kind === 'text');
