/**
 * A long press on a touch screen opens what the pointer finds by hovering.
 *
 * What must stay true: scrolling and selecting are not taken for a press, and where fingers are
 * not used nothing happens.
 */

/** Milliseconds held, and px moved, before it is something else. */
const HELD = 480;
const MOVED = 10;

export function longPress(act: () => void): (node: HTMLElement) => () => void {
	return (node) => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let from = { x: 0, y: 0 };
		let pressed = false;
		const stop = () => clearTimeout(timer);
		const down = (event: PointerEvent) => {
			pressed = false;
			if (event.pointerType === 'mouse' || !event.isPrimary) return;
			from = { x: event.clientX, y: event.clientY };
			stop();
			timer = setTimeout(() => {
				pressed = true;
				act();
			}, HELD);
		};
		const move = (event: PointerEvent) => {
			if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > MOVED) stop();
		};
		// Letting go after a long press is not a press on what lay under the finger.
		const click = (event: Event) => {
			if (!pressed) return;
			event.preventDefault();
			event.stopPropagation();
			pressed = false;
		};
		const menu = (event: Event) => {
			if ((event as PointerEvent).pointerType === 'touch') event.preventDefault();
		};
		node.addEventListener('pointerdown', down);
		node.addEventListener('pointermove', move);
		for (const end of ['pointerup', 'pointercancel', 'pointerleave'] as const)
			node.addEventListener(end, stop);
		node.addEventListener('click', click, true);
		node.addEventListener('contextmenu', menu);
		return () => {
			stop();
			node.removeEventListener('pointerdown', down);
			node.removeEventListener('pointermove', move);
			for (const end of ['pointerup', 'pointercancel', 'pointerleave'] as const)
				node.removeEventListener(end, stop);
			node.removeEventListener('click', click, true);
			node.removeEventListener('contextmenu', menu);
		};
	};
}
