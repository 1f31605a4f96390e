/**
 * R7, measured: whether an unknown user can be told from a wrong password by how long the answer takes.
 *
 *   node e2e/timing.mjs [trials]     1,000 of each by default; KAIRAN_BINARY names the server's binary
 *
 * It stays true that nothing is judged here: the figures are printed, and read by people. Trials of both kinds are mixed at
 * random, one at a time, each from an address of its own, so that no slowing-down of guesses (R6) is part of what is measured.
 */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';

import { organisation } from './harness/api.mjs';
import { Server } from './harness/server.mjs';

const TRIALS = Number(process.argv[2] ?? 1_000);
/** Wrong passwords for one login: fewer than begin to slow it down. */
const EACH = 8;
const WARM_UP = 100;
const RESAMPLES = 2_000;

const server = await Server.fresh('sqlite', { KAIRAN_TRUSTED_PROXIES: '127.0.0.1/32' });
try {
  const owner = await organisation(server);
  const known = [];
  for (let i = 0; i < Math.ceil((TRIALS + WARM_UP) / EACH); i += 1) {
    const name = { family_name: `計測${i}`, given_name: '人', family_kana: 'けいそく', given_kana: 'じん' };
    const person = await owner.bring({ ...name, login: `known${String(i).padStart(4, '0')}` });
    known.push(person.login);
  }
  const logins = (/** @type {string} */ prefix, /** @type {number} */ many) =>
    Array.from({ length: many }, (_, i) => `${prefix}${String(Math.floor(i / EACH)).padStart(4, '0')}`);
  const many = TRIALS + WARM_UP;
  const trials = [
    ...logins('known', many).map((login) => ({ login, kind: /** @type {const} */ ('wrong password') })),
    ...logins('ghost', many).map((login) => ({ login, kind: /** @type {const} */ ('unknown user') })),
  ];
  for (let i = trials.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [trials[i], trials[j]] = [trials[j], trials[i]];
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = { 'wrong password': /** @type {number[]} */ ([]), 'unknown user': /** @type {number[]} */ ([]) };
  const bodies = new Set();
  for (const [i, { login, kind }] of trials.entries()) {
    const { ms, status, body } = await attempt(agent, login, i);
    assert.equal(status, 401, body);
    bodies.add(body);
    if (i >= 2 * WARM_UP) times[kind].push(ms);
  }
  assert.equal(bodies.size, 1, 'one answer for both');
  report(times['wrong password'], times['unknown user']);
} finally {
  await server.stop();
}

/** @param {Agent} agent @param {string} login @param {number} i @returns {Promise<{ms: number, status: number, body: string}>} */
function attempt(agent, login, i) {
  const body = JSON.stringify({ login, password: 'ちがうパスワードを入れてみました' });
  const headers = {
    origin: server.url,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-forwarded-for': `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`,
  };
  return new Promise((done, fail) => {
    const started = process.hrtime.bigint();
    const asked = request({ host: '127.0.0.1', port: server.port, path: '/api/v1/session', method: 'POST', headers, agent });
    asked.on('error', fail);
    asked.on('response', (answer) => {
      let text = '';
      answer.on('data', (piece) => (text += piece));
      answer.on('end', () => {
        const ms = Number(process.hrtime.bigint() - started) / 1e6;
        done({ ms, status: answer.statusCode ?? 0, body: text.replace(/"instance":"[^"]*"/, '') });
      });
    });
    asked.end(body);
  });
}

/** @param {number[]} wrong @param {number[]} unknown */
function report(wrong, unknown) {
  const line = (/** @type {string} */ name, /** @type {number[]} */ all) => {
    const sorted = [...all].sort((a, b) => a - b);
    const at = (/** @type {number} */ share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
    const figures = [mean, at(0.05), at(0.5), at(0.95), at(0.99)].map((one) => one.toFixed(2).padStart(8));
    console.log(`${name.padEnd(16)}${String(all.length).padStart(6)}${figures.join('')}`);
  };
  console.log('ms                   n    mean      p5     p50     p95     p99');
  line('wrong password', wrong);
  line('unknown user', unknown);
  const median = (/** @type {number[]} */ all) => [...all].sort((a, b) => a - b)[all.length >> 1];
  const pick = (/** @type {number[]} */ all) => all.map(() => all[Math.floor(Math.random() * all.length)]);
  const differences = Array.from({ length: RESAMPLES }, () => median(pick(wrong)) - median(pick(unknown)));
  differences.sort((a, b) => a - b);
  const [low, high] = [0.025, 0.975].map((share) => differences[Math.floor(share * RESAMPLES)]);
  const difference = median(wrong) - median(unknown);
  console.log(`medians differ by ${difference.toFixed(3)} ms (95 % of resamples: ${low.toFixed(3)} to ${high.toFixed(3)})`);
  console.log(`a single answer of each kind, compared: the wrong password is slower in ${(100 * slower(wrong, unknown)).toFixed(1)} % (50 %: cannot be told)`);
}

/** Share of pairs in which the first is slower (Mann and Whitney's U over all pairs). @param {number[]} a @param {number[]} b */
function slower(a, b) {
  const sorted = [...b].sort((x, y) => x - y);
  let sum = 0;
  for (const one of a) {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < one) low = middle + 1;
      else high = middle;
    }
    sum += low;
  }
  return sum / (a.length * b.length);
}
