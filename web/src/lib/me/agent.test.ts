import { expect, test } from 'vitest';
import { filled, PARTS } from '$lib/door/meter.svelte';
import { agentName, isPhone } from './agent';

test.each([
	[
		'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36',
		'Windows・Chrome',
		false
	],
	[
		'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0',
		'Windows・Edge',
		false
	],
	[
		'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605 Version/18.5 Mobile/15E148 Safari/604.1',
		'iPhone・Safari',
		true
	],
	[
		'Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36',
		'Android・Chrome',
		true
	],
	[
		'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0',
		'Mac・Firefox',
		false
	],
	['curl/8.5', undefined, false]
])('%s', (agent, name, phone) => {
	expect(agentName(agent)).toBe(name);
	expect(isPhone(agent)).toBe(phone);
});

test('the bar is full only when the server would take the password', () => {
	expect(filled(0, false)).toBe(0);
	expect(filled(1, false)).toBe(1);
	expect(filled(40, false)).toBe(PARTS - 1);
	expect(filled(15, true)).toBe(PARTS);
});
