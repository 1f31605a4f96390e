/** Reading what people type or paste as codes. Pure. */

/** How many digits a code of an authenticator app has (RFC 6238 as every app shows it). */
export const DIGITS = 6;

/** The digits in what was typed: full-width ones count, spaces and hyphens between do not. */
export function digits(typed: string): string {
	return typed.normalize('NFKC').replace(/\D/g, '').slice(0, DIGITS);
}

/** A base32 secret in groups of four, for typing it by hand. */
export function grouped(secret: string): readonly string[] {
	return secret.match(/.{1,4}/g) ?? [];
}
