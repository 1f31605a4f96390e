/** What is asked of the server about policies, in the shapes that the table and its sentences work with. */
import { answer, api } from '$lib/api/client';
import type { components } from '$lib/api/schema';
import type { Role } from '$lib/api/types';
import type { DeviceKind, Ownership } from '$lib/device/calls';

/** In the organisation's zone, Japan. Days as in ISO 8601: Monday is 1. */
export type Hours = { from: string; to: string; days: number[] };
export type Flag = 'download' | 'copy' | 'print' | 'share' | 'watermark' | 'blur' | 'second_factor';
export type Amount =
	'devices' | 'session_hours' | 'session_idle_minutes' | 'app_lock_minutes' | 'lease_hours';
export type Limit = Flag | Amount | 'hours' | 'networks';
/** What is left out is not spoken of. */
export type Limits = { [F in Flag]?: boolean } & { [A in Amount]?: number } & {
	hours?: Hours;
	networks?: string[];
};
/** None named: all of them. */
export type Applies = { kinds: DeviceKind[]; ownership: Ownership | null; roles: Role[] };
export type Rule = { id: string; name: string; applies: Applies; limits: Limits };
export type RuleSet = { version: number; rules: Rule[] };
export type Because = 'network' | 'hours';
/** `because`: the rule's name. */
export type Troubled = { member: string; name: string; because: string };
export type Preview = {
	devices: number;
	people: number;
	troubled: Troubled[];
	/** Who has no second factor and would have to choose one; `people`: also those too many to be named. */
	enrolling: { people: number; named: Troubled[] };
	locks_you_out: { rule: string; because: Because } | null;
};

type Said<T> = { value: T; rule: string | null };
/** What holds for me on this device, and which rule says so. */
export type OwnPolicy = {
	[F in 'download' | 'copy' | 'print' | 'share']: { allowed: boolean; rule: string | null };
} & {
	[F in 'watermark' | 'blur' | 'second_factor']: { required: boolean; rule: string | null };
} & {
	hours: (Hours & { rule: string })[];
	networks: { list: string[]; rule: string }[];
	devices: Said<number | null>;
	session_hours: Said<number>;
	session_idle_minutes: Said<number>;
	app_lock_minutes: Said<number | null>;
	lease_hours: Said<number>;
};

/** What a rule does not speak of is left out; the document's types name every limit. */
const sent = (rules: Rule[]) => rules as unknown as components['schemas']['PolicyRule'][];

export const rules = () => answer(api.GET('/api/v1/organisation/policies')) as Promise<RuleSet>;
export const preview = (rules: Rule[]) =>
	answer(
		api.POST('/api/v1/organisation/policies/preview', { body: { rules: sent(rules) } })
	) as Promise<Preview>;
/** `understood`: the writer knows that it shuts themselves out. */
export const save = ({ version, rules }: RuleSet, understood: boolean) =>
	answer(
		api.PUT('/api/v1/organisation/policies', { body: { version, rules: sent(rules), understood } })
	) as Promise<RuleSet>;
export const own = () => answer(api.GET('/api/v1/me/policy')) as Promise<OwnPolicy>;
