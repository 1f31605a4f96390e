/**
 * The release binary, run as its owner would: a fresh directory, a free loopback port, nothing else.
 *
 * It stays true that the server is only ever reached from outside: its command line, its port, its signals.
 */
import { spawn, execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { PATIENCE } from './browser.mjs';

const BINARY =
  process.env.KAIRAN_BINARY ?? fileURLToPath(new URL('../../target/release/kairan', import.meta.url));


/** A port nobody listens on right now. */
export async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** A new database on the tests' PostgreSQL; it goes when that server goes. */
async function freshDatabase() {
  const server = process.env.KAIRAN_TEST_POSTGRES;
  if (!server) throw new Error('KAIRAN_TEST_POSTGRES names no server: run under scripts/with-postgres.sh');
  const name = `kairan_e2e_${process.pid}_${Date.now()}`;
  await promisify(execFile)('psql', ['--quiet', '--dbname', server, '--command', `CREATE DATABASE ${name}`]);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export class Server {
  /** @type {import('node:child_process').ChildProcess | null} */
  #process = null;
  /** Everything the server ever said, over all its lives. */
  log = '';
  /** How long the last start took until it was ready, in ms. */
  readyAfter = 0;

  /**
   * @param {string} directory @param {number} port
   * @param {string} [database] a PostgreSQL of its own; SQLite in the data folder otherwise
   * @param {Record<string, string>} [settings] more of the environment: `KAIRAN_…`
   */
  constructor(directory, port, database, settings = {}) {
    this.settings = settings;
    this.directory = directory;
    this.database = database;
    this.data = join(directory, 'data');
    this.port = port;
  }

  /**
   * A server on a fresh directory and a fresh database, ready.
   * @param {'sqlite' | 'postgres'} [engine] @param {Record<string, string>} [settings]
   */
  static async fresh(engine = 'sqlite', settings = {}) {
    const directory = await mkdtemp(join(tmpdir(), 'kairan-e2e-'));
    const database = engine === 'postgres' ? await freshDatabase() : undefined;
    const server = new Server(directory, await freePort(), database, settings);
    await server.start();
    return server;
  }

  /** Where people open it. `localhost` counts as a secure context, an address does not everywhere. */
  get url() {
    return `http://localhost:${this.port}`;
  }

  /** The process, while it runs. */
  get pid() {
    return this.#process?.pid ?? 0;
  }

  /** Nothing of the tester's own environment but the path. */
  get #environment() {
    return {
      PATH: process.env.PATH,
      HOME: this.directory,
      KAIRAN_PUBLIC_URL: this.url,
      ...this.settings,
      ...(this.database && { KAIRAN_DATABASE: this.database }),
    };
  }

  /** Starts the server on its directory and waits until it is ready. */
  async start() {
    const started = performance.now();
    const child = spawn(BINARY, ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`], {
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#environment,
    });
    this.#process = child;
    const hear = (/** @type {Buffer} */ piece) => (this.log += piece);
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    let gone = null;
    child.on('error', (error) => (gone = error.message));
    child.on('exit', (code, signal) => (gone ??= `it ended with ${signal ?? code}`));
    for (;;) {
      if (gone) throw new Error(`The server did not start: ${gone}\n${this.log}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      if (answer?.status === 200) break;
      if (performance.now() - started > PATIENCE) {
        throw new Error(`The server was not ready within ${PATIENCE} ms\n${this.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.readyAfter = performance.now() - started;
  }

  /** Ends the server: by default as an orderly stop would, or with SIGKILL as a power cut would. */
  async stop(/** @type {NodeJS.Signals} */ signal = 'SIGTERM') {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** `kill -9`: nothing is flushed, nothing is said. */
  kill() {
    return this.stop('SIGKILL');
  }

  /**
   * Runs another command of the binary on the same directory.
   * @param {string[]} args
   * @returns {Promise<{code: number, out: string}>}
   */
  command(...args) {
    return new Promise((resolve) => {
      const options = { cwd: this.directory, env: this.#environment };
      execFile(BINARY, [...args, '--data', this.data], options, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, out: stdout + stderr });
      });
    });
  }

  /** Stops the server and removes its directory. */
  async remove() {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
