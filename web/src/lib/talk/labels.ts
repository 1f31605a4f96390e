/** 報連相 and 依頼: what a message is for. */
import type { Label } from '$lib/live/wire';
import { m } from '$lib/paraglide/messages';

export const LABELS: readonly Label[] = ['report', 'notice', 'consult', 'request'];

export function labelWords(label: Label): string {
	return {
		report: m.talk_label_report,
		notice: m.talk_label_notice,
		consult: m.talk_label_consult,
		request: m.talk_label_request
	}[label]();
}

export function labelHint(label: Label): string {
	return {
		report: m.talk_label_hint_report,
		notice: m.talk_label_hint_notice,
		consult: m.talk_label_hint_consult,
		request: m.talk_label_hint_request
	}[label]();
}
