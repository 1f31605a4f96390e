/** The shapes of files on the wire, under the names the client uses. `File` is the browser's own word, so ours is `FileInfo`. */

export type FileKind = 'image' | 'video' | 'audio' | 'pdf' | 'text' | 'archive' | 'document' | 'other';

export interface FileInfo {
	id: string;
	name: string;
	/** Bytes. */
	size: number;
	/** What it truly is, by its first bytes. */
	media: string;
	kind: FileKind;
	/** Its true extension, lower case; empty when it has none. */
	extension: string;
	/** Pictures, as they are looked at (after orientation). */
	width: number | null;
	height: number | null;
	/** The server has made thumbnails. */
	preview: boolean;
	/** `waiting`: not yet scanned, so not served. `erased`: its bytes are gone for good. */
	state: 'ready' | 'waiting' | 'infected' | 'erased';
}

/** A file with its place in its room. */
export interface RoomFile extends FileInfo {
	message: string;
	seq: number;
	by: string;
	at: number;
}

/** How far the server has got with one upload. */
export interface Standing {
	file: string;
	room: string;
	size: number;
	part_bytes: number;
	received: number[];
	state: 'open' | 'done';
}

export interface Usage {
	organisation: { used: number; limit: number | null };
	member: { used: number; limit: number | null };
	/** The largest file one may send, in bytes. */
	largest: number;
}
