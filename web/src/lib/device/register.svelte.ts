/** The register of devices: a page at a time from the server, narrowed by person and state. */
import { Problem } from '$lib/api/problem';
import { directory } from '$lib/people/directory.svelte';
import { matches } from '$lib/people/groups';
import { actOn, change, register, type Act, type Device, type DeviceState } from './calls';

export type Filter = 'all' | DeviceState;

export class Register {
	list = $state.raw<Device[]>([]);
	next = $state<string | null>(null);
	busy = $state<string | null>(null);
	loading = $state(true);
	problem = $state.raw<Problem | null>(null);
	filter = $state<Filter>('all');
	/** Typed: part of a person's name, or of a device's. */
	query = $state('');
	#round = 0;

	readonly shown = $derived(
		this.list.filter((device) => {
			const words = this.query.trim();
			if (!words) return true;
			const person = directory.member(device.member);
			const plain = words.normalize('NFKC').toLowerCase();
			return (
				(person && matches(person, words)) ||
				`${device.name}\n${device.os}\n${device.address}`.toLowerCase().includes(plain)
			);
		})
	);

	constructor(readonly member?: string) {}

	/** From the beginning. An answer that a later wish has overtaken is let go. */
	async load(): Promise<void> {
		const round = (this.#round += 1);
		this.loading = true;
		this.problem = null;
		try {
			const page = await register(this.#asked());
			if (round !== this.#round) return;
			this.list = page.devices;
			this.next = page.next;
			await this.#rest(round);
		} catch (thrown) {
			if (round === this.#round) this.problem = Problem.from(thrown);
		} finally {
			if (round === this.#round) this.loading = false;
		}
	}

	/** The rest comes behind: who searches, searches everything. */
	async #rest(round: number): Promise<void> {
		while (this.next) {
			const page = await register({ ...this.#asked(), after: this.next });
			if (round !== this.#round) return;
			this.list = [...this.list, ...page.devices];
			this.next = page.next;
		}
	}

	#asked(): { member?: string; state?: DeviceState } {
		return {
			...(this.member && { member: this.member }),
			...(this.filter !== 'all' && { state: this.filter })
		};
	}

	act(device: Device, act: Act): Promise<boolean> {
		return this.#change(device.id, () => actOn(device.id, act));
	}

	describe(device: Device, body: { name?: string; ownership?: Device['ownership'] }): Promise<boolean> {
		return this.#change(device.id, () => change(device.id, body));
	}

	async #change(id: string, call: () => Promise<Device>): Promise<boolean> {
		if (this.busy) return false;
		this.busy = id;
		this.problem = null;
		try {
			const changed = await call();
			this.list = this.list.map((one) => (one.id === id ? changed : one));
			return true;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			if (this.problem.code === 'device.state') void this.load();
			return false;
		} finally {
			this.busy = null;
		}
	}
}
