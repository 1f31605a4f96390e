/**
 * Short sentences for everyone: read by a screen reader, and shown for some seconds at the foot of the page. Never the
 * only place where something important is said.
 */

/** Long enough to read two lines of Japanese (WCAG 2.2.1 leaves no time-out to what matters: it stands elsewhere too). */
const SHOWN_MS = 6_000;

class Announcements {
	/** Shown and read. */
	toast = $state('');
	/** Read only. */
	quiet = $state('');
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** Shown at the foot, and read politely. */
	say(words: string): void {
		this.toast = words;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => (this.toast = ''), SHOWN_MS);
	}

	/** Read politely, not shown: for what the eye sees already. */
	whisper(words: string): void {
		// The same sentence twice must be read twice: readers skip a region that did not change.
		this.quiet = this.quiet === words ? `${words}\u00a0` : words;
	}

	dismiss(): void {
		clearTimeout(this.#timer);
		this.toast = '';
	}
}

export const announce = new Announcements();
