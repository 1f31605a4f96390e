/**
 * Files that are small to send and enormous to open, or that would be unpacked where they must not be.
 *
 * It stays true that each is a valid file of its kind, which a careless program would open to its own harm, and that
 * making one holds no more than what is sent.
 */
import { randomFillSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32, createDeflate, createDeflateRaw, createGzip } from 'node:zlib';

const MIB = 1 << 20;

/** The same bytes again and again. @param {Buffer} unit @param {number} times */
function* repeated(unit, times) {
  for (let n = 0; n < times; n += 1) yield unit;
}

/** @param {Iterable<Buffer>} from @param {import('node:stream').Transform} through */
async function packed(from, through) {
  const pieces = [];
  for await (const piece of Readable.from(from).pipe(through)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** A number as so many bytes, big endian. */
const big = (/** @type {number} */ value, bytes = 4) => {
  const out = Buffer.alloc(bytes);
  out.writeUIntBE(value, 0, bytes);
  return out;
};
/** … and little endian. */
const little = (/** @type {number} */ value, bytes = 4) => Buffer.from(big(value, bytes)).reverse();

/**
 * A PNG of one colour (PNG specification, third edition): colour type 2 or 6, 8 or 16 bits a channel.
 * @param {number} width @param {number} height @param {{alpha?: boolean, depth?: 8 | 16}} [how]
 */
export async function png(width, height, { alpha = false, depth = 8 } = {}) {
  const line = Buffer.alloc(1 + (width * (alpha ? 4 : 3) * depth) / 8, 0x7f);
  line[0] = 0;
  const chunk = (/** @type {string} */ type, /** @type {Buffer} */ data) => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    return Buffer.concat([big(data.length), named, big(crc32(named))]);
  };
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.concat([big(width), big(height), Buffer.from([depth, alpha ? 6 : 2, 0, 0, 0])])),
    chunk('IDAT', await packed(repeated(line, height), createDeflate({ level: 1 }))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/**
 * A grey JPEG of three channels (ITU-T T.81, baseline): its tables know one code each, "no difference" and "end of
 * block", so that a block of 64 pixels takes two bits of a channel.
 * @param {number} width @param {number} height multiples of 8
 */
export function jpeg(width, height) {
  const segment = (/** @type {number} */ marker, /** @type {number[]} */ ...body) =>
    Buffer.concat([Buffer.from([0xff, marker]), big(body.length + 2, 2), Buffer.from(body)]);
  const channels = [1, 2, 3];
  const oneCode = [1, ...Array(15).fill(0), 0];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, ...Buffer.from('JFIF\0', 'latin1'), 1, 1, 0, 0, 1, 0, 1, 0, 0),
    segment(0xdb, 0, ...Array(64).fill(1)),
    segment(0xc0, 8, ...big(height, 2), ...big(width, 2), 3, ...channels.flatMap((id) => [id, 0x11, 0])),
    segment(0xc4, 0x00, ...oneCode, 0x10, ...oneCode),
    segment(0xda, 3, ...channels.flatMap((id) => [id, 0x00]), 0, 63, 0),
    Buffer.alloc(Math.ceil(((width / 8) * (height / 8) * 3 * 2) / 8)),
    Buffer.from([0xff, 0xd9]),
  ]);
}

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {Buffer} packed
 * @property {number} size unpacked, bytes
 * @property {number} sum its CRC-32
 * @property {boolean} [stored] not compressed
 */

/** An entry as it is. @param {string} name @param {Buffer} bytes @returns {Entry} */
const plain = (name, bytes) => ({ name, packed: bytes, size: bytes.length, sum: crc32(bytes), stored: true });

/** An entry of one piece of bytes again and again. @param {string} name @param {Buffer} unit @returns {Promise<Entry>} */
async function blown(name, unit, times = 1) {
  let sum = 0;
  for (const piece of repeated(unit, times)) sum = crc32(piece, sum);
  return { name, packed: await packed(repeated(unit, times), createDeflateRaw()), size: unit.length * times, sum };
}

/** A ZIP (PKWARE APPNOTE 6.3) of these entries. */
function zip(/** @type {Entry[]} */ entries) {
  const bodies = [];
  const list = [];
  let at = 0;
  for (const { name, packed: data, size, sum, stored } of entries) {
    const own = Buffer.from(name);
    // Version, flags (the name is UTF-8), method, time and date, CRC, sizes, length of the name, no extra fields.
    const about = [20, 0x0800, stored ? 0 : 8, 0, 0x21].map((word) => little(word, 2));
    const shape = Buffer.concat([...about, little(sum), little(data.length), little(size), little(own.length, 2), little(0, 2)]);
    bodies.push(Buffer.from('PK\x03\x04'), shape, own, data);
    list.push(Buffer.from('PK\x01\x02'), little(20, 2), shape, Buffer.alloc(10), little(at), own);
    at += 30 + own.length + data.length;
  }
  const directory = Buffer.concat(list);
  const counts = [0, 0, entries.length, entries.length].map((word) => little(word, 2));
  const end = [Buffer.from('PK\x05\x06'), ...counts, little(directory.length), little(at), little(0, 2)];
  return Buffer.concat([...bodies, directory, ...end]);
}

const zeros = Buffer.alloc(MIB);

/** A thousand times as large when unpacked: 512 MiB. */
export const zipBomb = async () => zip([await blown('写真.bmp', zeros, 512)]);

/** 16 archives in one, 16 GiB behind them; already the first layer grows more than a hundredfold. */
export async function nestedBomb() {
  const inner = await blown('0', zeros, 64);
  const archive = zip(Array.from({ length: 16 }, (_, n) => ({ ...inner, name: `${n}` })));
  const outer = await blown('0.zip', archive);
  return zip(Array.from({ length: 16 }, (_, n) => ({ ...outer, name: `${n}.zip` })));
}

/** Under a hundredfold, because of what lies in it beside: has to be unpacked to its limit before it can be refused. */
export const patientBomb = async () =>
  zip([plain('雑音.bin', randomFillSync(Buffer.alloc(12 * MIB))), await blown('帳簿.csv', zeros, 1_040)]);

export const gzipBomb = () => packed(repeated(zeros, 512), createGzip());

/** More entries than an archive may hold, each of them empty. */
export const manyEntries = (/** @type {number} */ count) =>
  zip(Array.from({ length: count }, (_, n) => plain(`伝票/${n}.csv`, Buffer.alloc(0))));

/** A ZIP whose second entry leads out of its folder. */
export const climbingZip = () =>
  zip([plain('読んでください.txt', Buffer.from('ok')), plain('../../.ssh/authorized_keys', Buffer.from('key'))]);

/** The same as tar (POSIX.1-2017 ustar). */
export function climbingTar() {
  const content = Buffer.alloc(512);
  content.write('key');
  const header = Buffer.alloc(512);
  for (const [at, text] of /** @type {const} */ ([
    [0, '../../.ssh/authorized_keys'], [100, '0000600\0'], [108, '0000000\0'], [116, '0000000\0'],
    [124, '00000000003\0'], [136, '00000000000\0'], [148, '        '], [156, '0'], [257, 'ustar\x0000'],
  ])) {
    header.write(text, at, 'latin1');
  }
  header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, content, Buffer.alloc(1024)]);
}

/** … and packed. */
export const climbingTarGz = () => packed([climbingTar()], createGzip());
