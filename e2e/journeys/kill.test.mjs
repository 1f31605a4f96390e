// R27, R77: what was acknowledged before `kill -9` is there afterwards, once and in order, on every client.
import assert from 'node:assert/strict';

import { newId, organisation, together } from '../harness/api.mjs';
import { journey } from '../harness/journey.mjs';
import { RoomPage } from '../harness/room.mjs';

const POSTS = 500;
/** The server is killed when this many are acknowledged. */
const KILLED_AFTER = 230;

for (const engine of /** @type {const} */ (['sqlite', 'postgres'])) {
  journey(`kill -9 amid 500 posts loses nothing and doubles nothing, on ${engine}`, killed, engine);
}

/** @param {import('../harness/journey.mjs').Stage} stage */
async function killed({ server, browser, step, say }) {
  const owner = await organisation(server);
  const otsu = await owner.bring({ family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう' });
  const hei = await owner.bring({ family_name: '丙山', given_name: '三奈', family_kana: 'へいやま', given_kana: 'みな' });
  const room = await owner.room('駅前店 連絡', [otsu, hei]);
  const people = { 甲野: owner, 乙川: otsu, 丙山: hei };
  const pages = [];
  for (const [name, person] of Object.entries(people)) {
    const window = await browser.window(name, server.url, { hold: name === '丙山' ? 'phone' : 'desktop' });
    await person.window(window.context);
    const page = new RoomPage(window.page);
    await page.open(room);
    pages.push(page);
  }

  const posts = Array.from({ length: POSTS }, (_, i) => ({ id: newId(), text: `棚卸し${String(i).padStart(3, '0')}番` }));
  /** @type {Map<string, number>} the acknowledged: id → seq */
  const acknowledged = new Map();
  let dead = /** @type {Promise<void> | null} */ (null);

  await step('the server is killed while three people post', async () => {
    const senders = Object.values(people);
    await together(posts, 12, async ({ id, text }, i) => {
      const answer = await senders[i % senders.length]
        .try('PUT', `/rooms/${room}/messages/${id}`, { text })
        .catch(() => null);
      if (answer && answer.status < 300) acknowledged.set(id, answer.body.seq);
      if (acknowledged.size >= KILLED_AFTER) dead ??= server.kill();
    });
    assert.ok(dead, 'the server was killed on the way');
    await dead;
    assert.ok(acknowledged.size < POSTS, `some were cut off (${acknowledged.size} acknowledged)`);
  });

  await step('it is ready again within 5 s, and has every acknowledged message at its place', async () => {
    await server.start();
    say(`${acknowledged.size} of ${POSTS} acknowledged before the kill; ready again after ${Math.round(server.readyAfter)} ms`);
    assert.ok(server.readyAfter <= 5_000, 'R77');
    const kept = await owner.messages(room);
    const places = new Map(kept.map((message) => [message.id, message.seq]));
    assert.equal(places.size, kept.length, 'no message is there twice');
    for (const [id, seq] of acknowledged) assert.equal(places.get(id), seq, 'an acknowledged message keeps its place');
  });

  await step('what was cut off is sent again under its id, and stands once', async () => {
    const senders = Object.values(people);
    await together(posts, 12, ({ id, text }, i) => senders[i % senders.length].post(room, text, id));
    // Everyone who is not sure sends again; it changes nothing (R27).
    await together(posts.slice(0, 50), 12, ({ id, text }, i) => senders[i % senders.length].post(room, text, id));
    const kept = await owner.messages(room);
    assert.equal(kept.length, POSTS);
    assert.deepEqual(new Set(kept.map((message) => message.id)), new Set(posts.map((post) => post.id)));
    for (const [i, message] of kept.entries()) {
      if (i > 0) assert.ok(message.seq > kept[i - 1].seq, 'ascending');
    }
  });

  await step('the events of the room have no gap', async () => {
    let after = 0;
    for (;;) {
      const page = await otsu.call('GET', `/rooms/${room}/events?after=${after}&limit=500`);
      for (const event of page.events) assert.equal(event.seq, ++after);
      if (after >= page.head) break;
    }
  });

  await step('every open client shows all of them, once and in order', async () => {
    const expected = (await owner.messages(room)).map((message) => message.text);
    for (const page of pages) {
      await page.message(expected.at(-1)).waitFor();
      await page.readsExactly(expected, /棚卸し\d{3}番/);
    }
  });

  await step('the journal verifies, and the tables follow from it', async () => {
    await server.stop();
    for (const args of [['verify'], ['rebuild', '--check']]) {
      const { code, out } = await server.command(...args);
      assert.equal(code, 0, `kairan ${args.join(' ')}:\n${out}`);
    }
    await server.start();
  });
}
