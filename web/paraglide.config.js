/**
 * How words are compiled: one module per message, so that a page carries only the words it says. Run by itself
 * (`node paraglide.config.js`) it compiles them once, for the type check, which runs without Vite.
 */
import { compile } from '@inlang/paraglide-js';

/** @type {import('@inlang/paraglide-js').CompilerOptions} */
export const words = {
	project: './project.inlang',
	outdir: './src/lib/paraglide',
	outputStructure: 'message-modules',
	// The language is a rune (lib/i18n/language.svelte.ts); the runtime keeps none of its own.
	strategy: ['globalVariable', 'baseLocale']
};

if (process.argv[1] === import.meta.filename) await compile(words);
