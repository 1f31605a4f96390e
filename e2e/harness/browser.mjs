/**
 * Chromium as people hold it: at a desk, at another desk, on a phone; in Japanese.
 *
 * It stays true that a page which throws, logs an error or breaks its content security policy fails the test,
 * unless the test said beforehand that it will.
 */
import { chromium, devices } from 'playwright-core';

const EXECUTABLE = process.env.KAIRAN_CHROMIUM ?? '/usr/bin/chromium';

/** How long something may be waited for, ms: a loaded machine is slow, and only what never comes fails. */
export const PATIENCE = 30_000;

/** What each person holds. */
export const HOLDS = {
  desktop: { viewport: { width: 1360, height: 860 } },
  phone: { ...devices['Pixel 7'], defaultBrowserType: undefined },
};

/**
 * What the browser says when a test takes the network away or stops the server: no fault of the page. (The last: of a
 * worker's script that was just being fetched.)
 */
const NETWORK = /Failed to load resource|net::ERR_|WebSocket connection to|error occurred when fetching the script/;

/** @typedef {Pick<import('playwright-core').BrowserContextOptions, 'serviceWorkers' | 'userAgent'>} Context */

export class Browser {
  /** @type {Window[]} */
  windows = [];

  /** @param {import('playwright-core').Browser} chromium */
  constructor(chromium) {
    this.chromium = chromium;
  }

  static async launch() {
    return new Browser(
      await chromium.launch({
        executablePath: EXECUTABLE,
        headless: true,
        chromiumSandbox: false,
        args: [
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
      }),
    );
  }

  /**
   * A window of one person, with cookies and storage of its own.
   * @param {string} name who it is, for the pictures
   * @param {string} url where the server is
   * @param {{hold?: keyof typeof HOLDS, theme?: 'light' | 'dark', locale?: string} & Context} [how] and what
   *   Playwright gives a context beyond that
   */
  async window(name, url, { hold = 'desktop', theme = 'light', locale = 'ja-JP', ...more } = {}) {
    const context = await this.chromium.newContext({
      ...HOLDS[hold],
      ...more,
      baseURL: url,
      locale,
      timezoneId: 'Asia/Tokyo',
      colorScheme: theme,
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(PATIENCE);
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
    const window = new Window(name, context, await context.newPage());
    this.windows.push(window);
    return window;
  }

  async close() {
    await this.chromium.close();
  }
}

export class Window {
  /** What the page said that it should not have. */
  faults = /** @type {string[]} */ ([]);

  /**
   * @param {string} name
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('playwright-core').Page} page
   */
  constructor(name, context, page) {
    this.name = name;
    this.context = context;
    this.page = page;
    context.on('weberror', (e) => this.faults.push(`threw: ${e.error().stack || e.error().message || String(e.error())}`));
    context.on('console', (message) => {
      if (message.type() === 'error' && !NETWORK.test(message.text())) {
        this.faults.push(`logged: ${message.text()} (${message.location().url})`);
      }
    });
  }

  /** Takes the line away, or gives it back. */
  async offline(/** @type {boolean} */ off) {
    await this.context.setOffline(off);
  }

  /** Ends the window for good. */
  async close() {
    await this.context.close();
  }
}
