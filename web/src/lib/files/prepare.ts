/**
 * Photographs made small enough for the line before they are sent.
 *
 * What must stay true: nothing is made smaller silently (what was done is told), what would not gain stays as it is,
 * and a picture this browser cannot read goes as it is: the server looks at it in any case.
 */

/** Longest side, in px: fills a large screen, and A4 at 220 dpi. */
const LONGEST = 2560;
const QUALITY = 0.85;
/** A JPEG within this and within `LONGEST` is left alone (bytes). */
const LIGHT = 1_500_000;

export interface Small {
	bytes: Blob;
	name: string;
	/** The picture before and after, in px. */
	from: { width: number; height: number };
	to: { width: number; height: number };
}

const HEIC = /^image\/hei[cf](-sequence)?$/;
const isHeic = (file: File) => HEIC.test(file.type) || /\.hei[cf]$/i.test(file.name);
/** GIF and WebP may move, PNG may be a drawing: only photographs are touched. */
const isPhoto = (file: File) => file.type === 'image/jpeg' || isHeic(file);

/** The size it is brought to. */
export function fitted(width: number, height: number): { width: number; height: number } {
	const scale = Math.min(1, LONGEST / Math.max(width, height));
	return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** `null`: it stays as it is. */
export async function small(file: File): Promise<Small | null> {
	if (!isPhoto(file)) return null;
	let picture: ImageBitmap;
	try {
		picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
	} catch {
		return null;
	}
	try {
		const from = { width: picture.width, height: picture.height };
		const to = fitted(from.width, from.height);
		const fits = to.width === from.width && to.height === from.height;
		if (fits && !isHeic(file) && file.size <= LIGHT) return null;
		const bytes = await drawn(picture, to);
		if (!bytes || (!isHeic(file) && bytes.size > file.size * 0.9)) return null;
		return { bytes, name: file.name.replace(/\.[^.]*$/, '') + '.jpg', from, to };
	} finally {
		picture.close();
	}
}

async function drawn(picture: ImageBitmap, { width, height }: Small['to']): Promise<Blob | null> {
	const canvas = document.createElement('canvas');
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext('2d');
	if (!context) return null;
	context.imageSmoothingQuality = 'high';
	context.drawImage(picture, 0, 0, width, height);
	const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY));
	// Safari keeps the pixels until the canvas is small again.
	canvas.width = canvas.height = 0;
	return made;
}
