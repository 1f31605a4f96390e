/**
 * PDF.js as this house runs it: its worker, character maps and fonts come from here, and nothing is made from text.
 *
 * What must stay true: it works under `script-src 'self'`, without eval and without WebAssembly.
 */
import fallback from 'pdfjs-dist/wasm/openjpeg_nowasm_fallback.js?url&no-inline';
import worker from 'pdfjs-dist/build/pdf.worker.min.mjs?url&no-inline';
import code from 'pdfjs-dist/build/pdf.min.mjs?url&no-inline';
import type { PDFDocumentProxy } from 'pdfjs-dist';

/** Under its own name and as it came: that is how the worker beside the pages knows not to copy it before it is used. */
const { getDocument, GlobalWorkerOptions, TextLayer } = (await import(
	/* @vite-ignore */ code
)) as typeof import('pdfjs-dist');

export { TextLayer };
export type { PDFDocumentProxy };

GlobalWorkerOptions.workerSrc = worker;

const address = (found: Record<string, unknown>): Map<string, string> =>
	new Map(Object.entries(found).map(([path, url]) => [path.slice(path.lastIndexOf('/') + 1), String(url)]));

/** Maps from codes to characters: Japanese documents rarely carry their own. */
const maps = address(
	import.meta.glob('/node_modules/pdfjs-dist/cmaps/*.bcmap', {
		query: '?url&no-inline',
		import: 'default',
		eager: true
	})
);
/** The fourteen fonts every reader must have. */
const fonts = address(
	import.meta.glob(
		['/node_modules/pdfjs-dist/standard_fonts/*.pfb', '/node_modules/pdfjs-dist/standard_fonts/*.ttf'],
		{
			query: '?url&no-inline',
			import: 'default',
			eager: true
		}
	)
);

/** What PDF.js asks for by file name, under the names the build gave. */
class House {
	async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
		const url = (kind === 'cMapUrl' ? maps : fonts).get(filename);
		if (!url) throw new Error(`${filename} is not here`);
		const answer = await fetch(url);
		if (!answer.ok) throw new Error(`${filename}: ${answer.status}`);
		return new Uint8Array(await answer.arrayBuffer());
	}
}

/** Bytes asked for at once: a page of a scanned document is there with one or two. */
const CHUNK = 512 * 1024;

export function openPdf(url: string) {
	return getDocument({
		url,
		rangeChunkSize: CHUNK,
		disableAutoFetch: true,
		disableStream: true,
		isEvalSupported: false,
		enableXfa: false,
		useWasm: false,
		useWorkerFetch: false,
		BinaryDataFactory: House,
		cMapPacked: true,
		// Only their being set matters: the House knows the addresses.
		cMapUrl: '/',
		standardFontDataUrl: '/',
		// The worker imports this one itself, by adding a name it knows: behind the `?` it means nothing.
		wasmUrl: `${new URL(fallback, location.origin).href}?/`
	} as Parameters<typeof getDocument>[0]);
}

/** Why a document cannot be shown. */
export const isLocked = (thrown: unknown): boolean =>
	thrown instanceof Error && thrown.name === 'PasswordException';
