/**
 * Ids made by this client (UUIDv7, RFC 9562 section 5.7).
 *
 * What must stay true: ids made one after another here sort in the order they were made,
 * also within one millisecond and when the clock is set back, because the outbox keeps
 * its order by them.
 */
const LIMIT = 0x1000;

export interface Chance {
	/** Milliseconds since the epoch. */
	now(): number;
	/** Fills with random bytes. */
	fill(bytes: Uint8Array): void;
}

/** A maker of ordered ids. `rand_a` (12 bits) is a counter seeded low, so that it has room to grow. */
export function idMaker({ now, fill }: Chance): () => string {
	let last = 0;
	let counter = 0;
	return () => {
		const bytes = new Uint8Array(16);
		fill(bytes);
		const time = now();
		if (time > last) {
			last = time;
			counter = (((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0)) & 0x3ff;
		} else if (++counter === LIMIT) {
			last += 1;
			counter = 0;
		}
		const view = new DataView(bytes.buffer);
		view.setUint32(0, Math.floor(last / 0x10000));
		view.setUint16(4, last % 0x10000);
		view.setUint16(6, 0x7000 | counter);
		view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
		const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
		return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
	};
}

/** The browser's own: clock and randomness come in here and nowhere else in this folder. */
export const newId = idMaker({
	now: () => Date.now(),
	fill: (bytes) => void crypto.getRandomValues(bytes)
});
