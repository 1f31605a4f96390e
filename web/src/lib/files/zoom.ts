/**
 * How a picture lies on its stage: how large, and moved by how much from the middle.
 *
 * What must stay true: the point under the fingers stays under the fingers, and no edge of a picture larger than the
 * stage comes further in than the stage's own.
 */

export interface Lie {
	/** 1: as large as fits. */
	scale: number;
	/** Px from the middle of the stage to the middle of the picture. */
	x: number;
	y: number;
}
export interface Size {
	width: number;
	height: number;
}
export interface Point {
	x: number;
	y: number;
}

export const LARGEST = 8;
export const AT_REST: Lie = { scale: 1, x: 0, y: 0 };

/** The picture as it fits, never larger than it is. */
export function fit(picture: Size, stage: Size): Size {
	const scale = Math.min(stage.width / picture.width, stage.height / picture.height, 1);
	return { width: picture.width * scale, height: picture.height * scale };
}

export function held(lie: Lie, fitted: Size, stage: Size): Lie {
	const scale = Math.min(LARGEST, Math.max(1, lie.scale));
	const within = (at: number, picture: number, room: number) => {
		const most = Math.max(0, (picture * scale - room) / 2);
		return Math.min(most, Math.max(-most, at));
	};
	return {
		scale,
		x: within(lie.x, fitted.width, stage.width),
		y: within(lie.y, fitted.height, stage.height)
	};
}

/** `at`: seen from the middle of the stage. */
export function zoomed(lie: Lie, factor: number, at: Point): Lie {
	const scale = Math.min(LARGEST, Math.max(1, lie.scale * factor));
	const by = scale / lie.scale;
	return { scale, x: at.x - (at.x - lie.x) * by, y: at.y - (at.y - lie.y) * by };
}

export const moved = (lie: Lie, dx: number, dy: number): Lie => ({ ...lie, x: lie.x + dx, y: lie.y + dy });
