/** What pages and the worker beside them tell each other, and what a push carries. */

export type ToWorker =
	/** Let the new version in. */
	| { t: 'activate' }
	/** Copies of the app are wanted (again). */
	| { t: 'fill' }
	/** Something was read; so many still wait. */
	| { t: 'read'; badge: number }
	/** The app was locked: what notifications say is nobody's to read. */
	| { t: 'hush' }
	/** What was shared under this id; the answer comes through the port. */
	| { t: 'shared'; id: string };

export type FromWorker = { t: 'open'; path: string };

/** Over this channel a browser's pages are told to leave at once; the word is why. */
export const LEAVE = 'kairan.device';

/** RFC 8291 keeps it from the push service; by default it holds no words (R15). */
export interface Payload {
	v: 1;
	/** `wipe`: the device is to ask whether it is to erase what it keeps. */
	what?: 'messages' | 'reminder' | 'wipe';
	/** Opaque, one per room and subscription. */
	tag: string;
	badge: number;
	/** Tags that are still unread. */
	waiting?: string[];
	title?: string;
	body?: string;
}

/** What another app shared: words, and files by their ids in the sealed store. */
export interface Shared {
	text: string;
	files: string[];
}
