/**
 * Fingers on the glass, and a mouse that brings files from another window: as the browser itself hears of them.
 *
 * It stays true that nothing of the page is called: every touch and every drag comes in through the browser.
 */

/** @typedef {{x: number, y: number}} Point */

/** How many positions of a finger are told on its way. */
const ALONG = 8;

export class Fingers {
  #devtools;

  /** @param {import('playwright-core').CDPSession} devtools */
  constructor(devtools) {
    this.#devtools = devtools;
  }

  /** @param {import('playwright-core').Page} page */
  static async on(page) {
    return new Fingers(await page.context().newCDPSession(page));
  }

  /** @param {'touchStart' | 'touchMove' | 'touchEnd'} type @param {Point[]} touchPoints */
  #touch(type, touchPoints) {
    const points = touchPoints.map(({ x, y }, id) => ({ x, y, id }));
    return this.#devtools.send('Input.dispatchTouchEvent', { type, touchPoints: points });
  }

  /**
   * Moves any number of fingers, each from one point to another, at the same time.
   * @param {[Point, Point][]} ways
   */
  async move(...ways) {
    await this.#touch('touchStart', ways.map(([from]) => from));
    for (let step = 1; step <= ALONG; step += 1) {
      const part = step / ALONG;
      await this.#touch('touchMove', ways.map(([from, to]) => ({
        x: from.x + (to.x - from.x) * part,
        y: from.y + (to.y - from.y) * part,
      })));
    }
    await this.#touch('touchEnd', []);
  }

  async tap(/** @type {Point} */ at) {
    await this.#touch('touchStart', [at]);
    await this.#touch('touchEnd', []);
  }

  async tapTwice(/** @type {Point} */ at) {
    await this.tap(at);
    await this.tap(at);
  }
}

/** The middle of something on the page. */
export async function middle(/** @type {import('playwright-core').Locator} */ thing) {
  const box = await thing.boundingBox();
  if (!box) throw new Error(`${thing} is not to be seen`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, width: box.width, height: box.height };
}

/**
 * Drags files from outside over a point of the page; `drop` lets them go there, `leave` takes them away again.
 * @param {import('playwright-core').Page} page @param {string[]} paths @param {Point} at
 */
export async function drag(page, paths, { x, y }) {
  const devtools = await page.context().newCDPSession(page);
  const send = (/** @type {'dragEnter' | 'dragOver' | 'drop' | 'dragCancel'} */ type) =>
    devtools.send('Input.dispatchDragEvent', {
      type,
      x,
      y,
      data: { items: [], files: paths, dragOperationsMask: 1 },
    });
  await send('dragEnter');
  await send('dragOver');
  return { drop: () => send('drop'), leave: () => send('dragCancel') };
}
