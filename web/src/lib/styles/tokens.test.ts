import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8').replace(/\/\*[^]*?\*\//g, '');

/** The declarations of the block that opens with `selector`. */
function block(selector: string): string[] {
	const from = css.indexOf('{', css.indexOf(selector)) + 1;
	return css
		.slice(from, css.indexOf('}', from))
		.split(';')
		.map((line) => line.trim())
		.filter(Boolean);
}

/** WCAG 2.2 relative luminance. */
function luminance(hex: string): number {
	const channels = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
	const [r = 0, g = 0, b = 0] = channels.map((c) =>
		c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
	);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
	const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return (high + 0.05) / (low + 0.05);
}

function colours(selector: string): Map<string, string> {
	const text = block(selector).map((line) => /^(--[\w-]+):\s*(#[0-9a-f]{6})$/.exec(line));
	return new Map(text.flatMap((hit) => (hit ? [[hit[1] ?? '', hit[2] ?? '']] : [])));
}

test('the two dark blocks are equal', () => {
	const chosen = block(":root[data-theme='dark']");
	expect(chosen.length).toBeGreaterThan(25);
	expect(block(':root:not([data-theme])')).toEqual(chosen);
});

test.each([
	['light', ':root {'],
	['dark', ":root[data-theme='dark']"]
])('text is readable on every ground in %s', (_, selector) => {
	const tokens = colours(selector);
	const of = (name: string) => tokens.get(name) ?? '';
	for (const ground of ['--paper', '--paper-2', '--sheet', '--select', '--hover', '--bubble-out']) {
		for (const text of ['--ink', '--ink-2', '--ink-3']) {
			expect(contrast(of(text), of(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
		}
	}
	for (const ground of ['--paper', '--shu-wash', '--select', '--sheet']) {
		expect(contrast(of('--shu'), of(ground)), `--shu on ${ground}`).toBeGreaterThanOrEqual(4.5);
		expect(contrast(of('--line-2'), of(ground)), `--line-2 on ${ground}`).toBeGreaterThanOrEqual(3);
	}
	expect(contrast(of('--on-shu'), of('--shu-fill'))).toBeGreaterThanOrEqual(4.5);
	expect(contrast(of('--on-shu'), of('--shu-fill-2'))).toBeGreaterThanOrEqual(4.5);
	expect(contrast(of('--on-ink'), of('--ink'))).toBeGreaterThanOrEqual(7);
});
