/** Files in a word, where a message stands in one line. */
import { m } from '$lib/paraglide/messages';
import type { FileKind } from './wire';

/** A message that carries files, in a word: 写真3枚, ファイル. `kind`: of the first. */
export function filesWords(count: number, kind: FileKind | null): string {
	if (count === 0) return '';
	const one = count === 1;
	if (kind === 'image') return one ? m.files_photo() : m.files_photos({ count });
	if (kind === 'video') return one ? m.files_video() : m.files_videos({ count });
	return one ? m.files_file() : m.files_files({ count });
}
