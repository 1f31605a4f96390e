/** A text file's beginning, in whichever of the usual encodings it was written. */

/** Bytes shown at most. */
export const MOST = 512 * 1024;

/** UTF-8 where it is that (UTF-16 by its mark), else Shift_JIS: what Windows here has written for thirty years. */
export function decoded(bytes: Uint8Array, cut: boolean): string {
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
	try {
		// `stream`: a character cut in two at the end is no sign of another encoding.
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: cut });
	} catch {
		return new TextDecoder('shift_jis').decode(bytes);
	}
}

export async function read(url: string): Promise<{ text: string; cut: boolean }> {
	const answer = await fetch(url, { headers: { range: `bytes=0-${MOST - 1}` } });
	if (!answer.ok) throw new Error(String(answer.status));
	const bytes = new Uint8Array(await answer.arrayBuffer());
	const whole = Number(answer.headers.get('content-range')?.split('/')[1] ?? bytes.length);
	const cut = whole > bytes.length;
	return { text: decoded(bytes, cut), cut };
}
