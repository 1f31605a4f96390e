/** When somebody looked, as a watermark says it: in the organisation's zone, so that all of them can be compared. */

const FORM = new Intl.DateTimeFormat('ja-JP-u-ca-gregory-nu-latn', {
	timeZone: 'Asia/Tokyo',
	year: 'numeric',
	month: '2-digit',
	day: '2-digit',
	hour: '2-digit',
	minute: '2-digit',
	hourCycle: 'h23'
});

/** 2026/11/22 09:05 */
export const stamp = (at: number): string => FORM.format(at);
