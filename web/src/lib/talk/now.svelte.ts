/** The present to the minute, for words like 昨日 that change while a page stays open. */
class Present {
	at = $state(Date.now());

	constructor() {
		setInterval(() => (this.at = Date.now()), 30_000);
	}
}

export const present = new Present();
