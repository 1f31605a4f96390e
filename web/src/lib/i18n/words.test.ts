import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tongueOf } from './language.svelte';

const folder = new URL('../../../messages/', import.meta.url);
const features = readdirSync(folder);
const read = (feature: string, tongue: string): Record<string, string> =>
	JSON.parse(readFileSync(new URL(`${feature}/${tongue}.json`, folder), 'utf8'));
const holes = (text: string) => [...String(text).matchAll(/\{(\w+)\}/g)].map((hit) => hit[1]).sort();

test.each(features)('%s says the same things in both languages', (feature) => {
	const ja = read(feature, 'ja');
	const en = read(feature, 'en');
	expect(Object.keys(en).sort()).toEqual(Object.keys(ja).sort());
	for (const [key, words] of Object.entries(ja)) {
		const inJapanese = holes(words);
		for (const hole of holes(en[key] ?? '')) expect(inJapanese, key).toContain(hole);
	}
});

test('no word has two homes', () => {
	const keys = features.flatMap((feature) => Object.keys(read(feature, 'ja')));
	expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});

test('the machine does not scold', () => {
	for (const feature of features) {
		for (const [key, words] of Object.entries(read(feature, 'ja'))) {
			expect(JSON.stringify(words), key).not.toMatch(/エラー|無効|不正|申し訳|！|OK/);
		}
	}
});

test('the first language we speak is taken, Japanese without one', () => {
	expect(tongueOf(['vi-VN', 'en-US', 'ja'])).toBe('en');
	expect(tongueOf(['ja-JP', 'en'])).toBe('ja');
	expect(tongueOf(['pt-BR'])).toBe('ja');
	expect(tongueOf([])).toBe('ja');
});
