// A room of 10,000 messages opens on the last unread and scrolls without a jump.
import assert from 'node:assert/strict';

import { newId, organisation, together } from '../harness/api.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';

const MESSAGES = 10_000;
const READ = 9_700;

/** Every third is long, so that heights differ and a wrong guess of them would show. */
const text = (/** @type {number} */ i) =>
  `記録${String(i).padStart(5, '0')}番${i % 3 === 0 ? '　納品の数と棚の数が合いません。伝票を見直してから連絡します。'.repeat(1 + (i % 5)) : ''}`;

/**
 * Scrolls up and measures, for whatever stands in the middle, how far it moved against how far it should have: the
 * largest difference is the jump, in CSS pixels. The distance shows that older pages were crossed. What the scroller
 * calls its place says nothing: its zero is the foot, which moves up when what is far below is let go.
 * @param {import('playwright-core').Page} page
 */
async function largestJump(page) {
  return page.getByRole('log').evaluate(async (log) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const middle = () => {
      const box = log.getBoundingClientRect();
      const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      return at?.closest('[role=article], article') ?? null;
    };
    let largest = 0;
    let distance = 0;
    for (let round = 0; round < 120; round += 1) {
      const mark = middle();
      const before = mark?.getBoundingClientRect().top;
      const wanted = Math.min(240, log.scrollHeight - log.clientHeight + log.scrollTop);
      log.scrollBy(0, -240);
      await frame();
      if (mark?.isConnected && before !== undefined) {
        const moved = mark.getBoundingClientRect().top - before;
        distance += moved;
        largest = Math.max(largest, Math.abs(moved - wanted));
      }
      // Give older pages time to arrive: they must not move what is being read either.
      const still = middle();
      const rest = still?.getBoundingClientRect().top;
      await new Promise((resolve) => setTimeout(resolve, 40));
      if (still?.isConnected && rest !== undefined) {
        largest = Math.max(largest, Math.abs(still.getBoundingClientRect().top - rest));
      }
    }
    return { largest, distance };
  });
}

journey('a room of 10,000 messages opens on the last unread and scrolls without a jump', async (stage) => {
  const { server, browser, step, say } = stage;
  const owner = await organisation(server);
  const otsu = await owner.bring({ family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう' });
  const room = await owner.room('倉庫 記録', [otsu]);
  let readUpTo = 0;

  await step('ten thousand messages are posted', async () => {
    const started = performance.now();
    // In order: each batch is acknowledged before the next is sent, so numbers and places agree closely enough
    // to name the unread; the exact order is read back.
    const indices = Array.from({ length: MESSAGES }, (_, i) => i);
    await together(indices, 32, (i) => owner.post(room, text(i), newId()));
    say(`${MESSAGES} posts over HTTP in ${Math.round(performance.now() - started)} ms`);
    const page = await otsu.call('GET', `/rooms/${room}/messages?limit=200`);
    const last = page.messages.at(-1).seq;
    readUpTo = last - (MESSAGES - READ);
    await otsu.call('PUT', `/rooms/${room}/read`, { upto: readUpTo });
  });

  for (const hold of /** @type {const} */ (['desktop', 'phone'])) {
    await step(`on a ${hold} it opens on the first unread`, async () => {
      await otsu.call('GET', `/rooms/${room}`);
      const window = await browser.window(`乙川-${hold}`, server.url, { hold });
      await otsu.window(window.context);
      const page = new RoomPage(window.page);
      // Reading marks would move the unread on for the next window; they are held back here.
      await window.page.route('**/api/v1/rooms/*/read', (route) => route.fulfill({ json: { read: readUpTo } }));
      const started = performance.now();
      await page.open(room);
      const divider = window.page.getByText('ここから未読', { exact: false });
      await divider.waitFor();
      say(`${hold}: open after ${Math.round(performance.now() - started)} ms`);
      // It may stand a moment before it is brought into sight.
      const inSight = async () => {
        const box = await divider.boundingBox();
        const log = await page.log.boundingBox();
        return !!box && !!log && box.y >= log.y && box.y < log.y + log.height;
      };
      const until = performance.now() + 2_000;
      while (!(await inSight()) && performance.now() < until) await window.page.waitForTimeout(50);
      assert.ok(await inSight(), 'the divider is in sight');
      const count = await page.log.getByRole('article').count();
      assert.ok(count <= 400, `${count} messages in the document; the rest is not there yet`);
    });

    await step(`on a ${hold} it scrolls without a jump`, async () => {
      const window = browser.windows.at(-1);
      assert.ok(window);
      const { largest, distance } = await largestJump(window.page);
      say(`${hold}: largest jump ${largest.toFixed(2)} px over ${Math.round(distance)} px`);
      assert.ok(distance > 20_000, `it scrolled only ${distance} px`);
      assert.ok(largest <= 1, `something moved by ${largest} px while being read`);
    });

    await step(`on a ${hold} the latest is one touch away`, async () => {
      const window = browser.windows.at(-1);
      assert.ok(window);
      await window.page.getByRole('button', { name: /最新へ/ }).click();
      const newest = (await otsu.call('GET', `/rooms/${room}/messages?limit=1`)).messages.at(-1);
      await new RoomPage(window.page).message(newest.text.slice(0, 8)).waitFor();
    });
  }
});
