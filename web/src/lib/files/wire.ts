/** The shapes of files on the wire, under the names the client uses: `File` is the browser's own word. */
import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];

export type FileKind = Schemas['FileKind'];
/** `erased`: its bytes went while we looked at it. A page read anew no longer names it. */
export type FileInfo = Omit<Schemas['File'], 'state'> & {
	state: Schemas['FileState'] | 'erased';
	/** What may be done with it; not said where the server knows no rules. */
	ways?: readonly string[];
};
/** How the server shows a file of which the original may not leave it. */
export type Drawn = { kind: 'pictures' | 'text' | 'none'; pages: number | null };
/** A file with its place in its room. */
export type RoomFile = Schemas['FileDetail'] & { message: string; seq: number };
/** How far the server has got with one upload. */
export type Standing = Schemas['Upload'];
export type Usage = Schemas['UsageView'];
