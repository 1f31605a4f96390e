/**
 * What this caller may do with a file, here and now.
 *
 * What must stay true: where a file may not be kept, its bytes are never asked for; the server would refuse them.
 */
import { may } from '$lib/policy/may';
import { isPicture } from './kinds';
import type { FileInfo } from './wire';

/** Whether the original may leave the server. */
export const keeps = (file: Pick<FileInfo, 'ways'>): boolean =>
	may().download && (file.ways ?? ['download']).includes('download');

/** Whether what one looks at is drawn by the server: because there is no other way, or because it is marked. */
export const drawn = (file: FileInfo): boolean =>
	!keeps(file) || (may().watermark && (isPicture(file) || file.kind === 'pdf' || file.kind === 'text'));
