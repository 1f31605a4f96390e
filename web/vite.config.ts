import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';
import { words } from './paraglide.config.js';

export default defineConfig({
	plugins: [
		// The tests' words are compiled before them (`npm test`): the plugin's watcher would keep vitest from ending.
		...(process.env.VITEST ? [] : [paraglideVitePlugin(words)]),
		sveltekit()
	],
	build: {
		rolldownOptions: {
			output: {
				codeSplitting: {
					// What every page needs travels together: a hundred small files cost more than their words.
					groups: [
						{ name: 'svelte', test: /node_modules\/(svelte|esm-env|clsx)\// },
						{
							name: 'base',
							test: /src\/lib\/(session|i18n|api|frame)\/|lock\/hand|src\/lib\/parts\/(Ann|Avatar|Badge|Band|Brand|Button|Empty|Icon|MemberB|Search|ann|attempt|hash)|policy\/may|talk\/(now|pane|preview|talk-to)|(people|talk)\/kana|paraglide\/runtime/
						},
						{ name: 'device', test: /src\/lib\/(device\/(engine|keys|proof|renewer)|local\/table)\./ }
					]
				}
			}
		}
	},
	server: {
		// The server of `kairan serve`; the gateway is a WebSocket under the same prefix.
		proxy: { '/api': { target: 'http://127.0.0.1:8080', ws: true } }
	},
	test: {
		include: ['src/**/*.test.ts'],
		environment: 'node'
	}
});
