/**
 * A long press on a touch screen opens what the pointer finds by hovering.
 *
 * What must stay true: scrolling and selecting are not taken for a press, and where fingers are
 * not used nothing happens.
 */

/** Milliseconds held, and px moved, before it is something else. */
const HELD = 480;
const MOVED = 10;

/**
 * Letting go after a long press is not a press on what lies under the finger by then, the sheet just opened
 * included: the one click that may follow is swallowed, wherever it lands. The next touch is a new one.
 */
function swallowRelease(): void {
	const done = () => {
		removeEventListener('click', swallow, true);
		removeEventListener('pointerdown', done, true);
	};
	const swallow = (event: Event) => {
		event.preventDefault();
		event.stopPropagation();
		done();
	};
	addEventListener('click', swallow, true);
	addEventListener('pointerdown', done, true);
}

export function longPress(act: () => void): (node: HTMLElement) => () => void {
	return (node) => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let from = { x: 0, y: 0 };
		const stop = () => clearTimeout(timer);
		const down = (event: PointerEvent) => {
			if (event.pointerType === 'mouse' || !event.isPrimary) return;
			from = { x: event.clientX, y: event.clientY };
			stop();
			timer = setTimeout(() => {
				swallowRelease();
				act();
			}, HELD);
		};
		const move = (event: PointerEvent) => {
			if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > MOVED) stop();
		};
		const menu = (event: Event) => {
			if ((event as PointerEvent).pointerType === 'touch') event.preventDefault();
		};
		const ends = ['pointerup', 'pointercancel', 'pointerleave'] as const;
		node.addEventListener('pointerdown', down);
		node.addEventListener('pointermove', move);
		for (const end of ends) node.addEventListener(end, stop);
		node.addEventListener('contextmenu', menu);
		return () => {
			stop();
			node.removeEventListener('pointerdown', down);
			node.removeEventListener('pointermove', move);
			for (const end of ends) node.removeEventListener(end, stop);
			node.removeEventListener('contextmenu', menu);
		};
	};
}
