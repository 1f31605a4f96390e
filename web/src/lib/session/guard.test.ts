import { expect, test } from 'vitest';
import { doorway, safeReturn, signInFor } from './guard';

test('signing in leads back to where one was going', () => {
	expect(signInFor('/people/1?x=2')).toBe('/sign-in?to=%2Fpeople%2F1%3Fx%3D2');
	expect(safeReturn('/people/1?x=2#row-か')).toBe('/people/1?x=2#row-%E3%81%8B');
	expect(signInFor('/rooms')).toBe('/sign-in');
	expect(signInFor('/sign-in?to=%2Fme')).toBe('/sign-in');
});

test.each([
	null,
	'',
	'https://evil.example',
	'//evil.example',
	'/\\evil.example',
	'/\t/evil.example',
	'\\\\evil.example',
	'javascript:alert(1)',
	'/api/v1/session',
	'/sign-in?to=/x',
	'/setup',
	'rooms'
])('%j leads home, not elsewhere', (to) => {
	expect(safeReturn(to)).toBe('/rooms');
});

test('set-up comes first, and only once', () => {
	expect(doorway('sign-in', false)).toBe('/setup');
	expect(doorway('setup', false)).toBeNull();
	expect(doorway('setup', true)).toBe('/sign-in');
	expect(doorway('sign-in', true)).toBeNull();
});
