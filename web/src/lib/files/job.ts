/**
 * One file on its way: what is known of it here, and what is to be sent next.
 *
 * What must stay true: a part is in the air once, and what was received is not sent again. Pure.
 */
import type { Meta, Phase } from './upload';
import type { FileInfo } from './wire';

export interface Job {
	meta: Meta;
	/** As chosen in this page; after a reload they are read from where they were kept. */
	bytes: Blob | null;
	kept: boolean;
	/** Settled once what is here of it outlives this page: `false`, it does not. */
	keeping: Promise<boolean>;
	phase: Phase;
	why: (() => string) | null;
	again: boolean;
	info: FileInfo | null;
	/** The server has heard of it. */
	begun: boolean;
	/** `received` is what the server has, and nothing has been missed since. */
	known: boolean;
	partBytes: number;
	received: Set<number>;
	/** Parts in the air, and how much of each has left. */
	flying: Map<number, number>;
	/** A call about the whole is on its way. */
	asking: boolean;
	timer: unknown;
	attempts: number;
	restarts: number;
	looks: number;
	stop: AbortController;
}

/** Its bytes can be had. */
export const isHere = (job: Job) => job.bytes !== null || job.kept;
export const ended = (job: Job) => job.phase === 'done' || job.phase === 'refused';
/** Only its id is known so far. */
export const isStrange = ({ meta }: Job) => meta.room === '';
export function newJob(meta: Meta, bytes: Blob | null): Job {
	return {
		meta,
		bytes,
		kept: false,
		keeping: Promise.resolve(bytes === null),
		phase: 'waiting',
		why: null,
		again: false,
		info: null,
		begun: false,
		known: false,
		partBytes: 0,
		received: new Set(),
		flying: new Map(),
		asking: false,
		timer: null,
		attempts: 0,
		restarts: 0,
		looks: 0,
		stop: new AbortController()
	};
}

export const strange = (file: string): Meta => ({
	file,
	room: '',
	name: '',
	size: 0,
	media: '',
	taken: true
});

/** Parts are counted from nought. */
export const countParts = (job: Job): number =>
	job.partBytes > 0 ? Math.ceil(job.meta.size / job.partBytes) : 0;

export function nextPart(job: Job): number | null {
	for (let at = 0; at < countParts(job); at += 1) if (!job.received.has(at) && !job.flying.has(at)) return at;
	return null;
}

export function sentOf(job: Job): number {
	if (job.phase === 'done' || job.phase === 'checking') return job.meta.size;
	let sent = 0;
	for (const number of job.received)
		sent += Math.max(0, Math.min(job.partBytes, job.meta.size - number * job.partBytes));
	for (const bytes of job.flying.values()) sent += bytes;
	return Math.min(sent, job.meta.size);
}
