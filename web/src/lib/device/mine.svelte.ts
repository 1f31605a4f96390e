/** One's own devices: what there is, and what may be done to each. */
import { Problem } from '$lib/api/problem';
import { actOnOwn, ownDevices, renameOwn, type Device, type OwnAct, type OwnDevices } from './calls';

const ORDER: Record<Device['state'], number> = {
	enrolled: 0,
	pending: 1,
	locked: 2,
	wiping: 3,
	wiped: 4,
	removed: 5
};

export class MyDevices {
	#said = $state.raw<OwnDevices>() as OwnDevices;
	busy = $state<string | null>(null);
	problem = $state.raw<Problem | null>(null);

	/** The one in hand first, then those in use, then those that are shut out. */
	readonly list = $derived(
		[...this.#said.devices].sort(
			(a, b) =>
				Number(b.current) - Number(a.current) || ORDER[a.state] - ORDER[b.state] || b.last_seen - a.last_seen
		)
	);
	readonly usable = $derived(this.#said.devices.filter((one) => one.state === 'enrolled').length);
	readonly most = $derived(this.#said.most);
	readonly leaseHours = $derived(this.#said.lease_hours);
	readonly mayAdd = $derived(this.#said.may_add);

	constructor(said: OwnDevices) {
		this.#said = said;
	}

	async reload(): Promise<void> {
		try {
			this.#said = await ownDevices();
		} catch (thrown) {
			this.problem = Problem.from(thrown);
		}
	}

	act(device: Device, act: OwnAct): Promise<boolean> {
		return this.#change(device.id, () => actOnOwn(device.id, act));
	}

	rename(device: Device, name: string): Promise<boolean> {
		return this.#change(device.id, () => renameOwn(device.id, name));
	}

	/** `true`: it is as wished. */
	async #change(id: string, call: () => Promise<Device>): Promise<boolean> {
		if (this.busy) return false;
		this.busy = id;
		this.problem = null;
		try {
			const changed = await call();
			const devices = this.#said.devices.map((one) => (one.id === id ? changed : one));
			this.#said = { ...this.#said, devices };
			return true;
		} catch (thrown) {
			this.problem = Problem.from(thrown);
			if (this.problem.code === 'device.state') void this.reload();
			return false;
		} finally {
			this.busy = null;
		}
	}
}
