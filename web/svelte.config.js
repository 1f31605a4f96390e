import adapter from '@sveltejs/adapter-static';

/** @type {import('@sveltejs/kit').Config} */
export default {
	compilerOptions: { runes: true },
	kit: {
		// One page for every address: the server answers unknown paths outside /api with it.
		adapter: adapter({ fallback: 'index.html' }),
		// No inline script or style ever runs but Kit's own start script, allowed by its hash (R37).
		csp: {
			mode: 'hash',
			directives: {
				'default-src': ['none'],
				'script-src': ['self'],
				'style-src': ['self'],
				// The one style attribute: Kit's own hidden live region, by the hash its documentation gives.
				'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
				'img-src': ['self', 'data:', 'blob:'],
				// Films and sounds come from here, through links that end.
				'media-src': ['self'],
				'font-src': ['self'],
				'connect-src': ['self'],
				'manifest-src': ['self'],
				'worker-src': ['self'],
				'base-uri': ['none'],
				'form-action': ['self'],
				'object-src': ['none']
			}
		},
		// Absolute asset paths: the same page is served at every depth.
		paths: { relative: false },
		// Registered by hand (lib/app/worker), once the first page stands, and updated when the person says so.
		serviceWorker: { register: false },
		version: { pollInterval: 0 }
	}
};
