/** Which of the columns a phone shows; the bar at the bottom stands only beside lists. */
export type View = 'list' | 'main' | 'aside';

class Frame {
	view = $state<View>('list');
}

export const frame = new Frame();
