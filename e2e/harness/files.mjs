/**
 * Files for journeys, made on the spot: photographs that know where they were taken, documents, films, harmful ones.
 *
 * It stays true that each is a real file of its kind, which other programs would open.
 */
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { deflateSync } from 'node:zlib';

import { newId } from './api.mjs';

/** What stands in the photograph's EXIF: a place, and the maker of the phone. */
export const GPS = { latitude: [35, 40, 52], longitude: [139, 46, 2], make: 'MIHON-PHONE' };

/**
 * A JPEG drawn by the browser.
 * @param {import('playwright-core').Page} page @param {number} width @param {number} height @param {string} words
 */
export async function jpeg(page, width, height, words = '写真') {
  const base64 = await page.evaluate(
    async ([w, h, text]) => {
      const canvas = new OffscreenCanvas(w, h);
      const at = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
      const sky = at.createLinearGradient(0, 0, w, h);
      sky.addColorStop(0, '#d8cdb8');
      sky.addColorStop(0.6, '#b08a5a');
      sky.addColorStop(1, '#5f7d5a');
      at.fillStyle = sky;
      at.fillRect(0, 0, w, h);
      for (let i = 0; i < 400; i += 1) {
        at.fillStyle = `hsl(${(i * 37) % 360} 45% ${30 + (i % 40)}%)`;
        at.beginPath();
        at.arc(((i * 7919) % 1000) / 1000 * w, ((i * 104729) % 1000) / 1000 * h, w / 40, 0, 7);
        at.fill();
      }
      at.fillStyle = '#fffdf8';
      at.font = `600 ${Math.round(h / 8)}px sans-serif`;
      at.fillText(text, w / 12, h / 2);
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 })).arrayBuffer());
      let out = '';
      for (let i = 0; i < bytes.length; i += 32768) out += String.fromCharCode(...bytes.subarray(i, i + 32768));
      return btoa(out);
    },
    /** @type {[number, number, string]} */ ([width, height, words]),
  );
  return Buffer.from(base64, 'base64');
}

/** The JPEG with an EXIF segment (Exif 2.3, big endian): maker and the place of `GPS`. */
export function withGps(/** @type {Buffer} */ picture) {
  const make = Buffer.from(`${GPS.make}\0`, 'latin1');
  const entry = (/** @type {number} */ tag, /** @type {number} */ type, /** @type {number} */ count, /** @type {Buffer} */ value) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16BE(tag, 0);
    bytes.writeUInt16BE(type, 2);
    bytes.writeUInt32BE(count, 4);
    value.copy(bytes, 8);
    return bytes;
  };
  const long = (/** @type {number} */ value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const degrees = (/** @type {number[]} */ parts) => Buffer.concat(parts.flatMap((part) => [long(part), long(1)]));
  const directory = (/** @type {Buffer[]} */ entries) => {
    const count = Buffer.alloc(2);
    count.writeUInt16BE(entries.length);
    return Buffer.concat([count, ...entries, long(0)]);
  };
  // header 8, first directory 2+2·12+4, maker, GPS directory 2+4·12+4, two places of 24
  const makeAt = 8 + 30;
  const gpsAt = makeAt + make.length;
  const placesAt = gpsAt + 54;
  const tiff = Buffer.concat([
    Buffer.from('MM\0\x2a', 'latin1'),
    long(8),
    directory([entry(0x010f, 2, make.length, long(makeAt)), entry(0x8825, 4, 1, long(gpsAt))]),
    make,
    directory([
      entry(1, 2, 2, Buffer.from('N\0\0\0', 'latin1')),
      entry(2, 5, 3, long(placesAt)),
      entry(3, 2, 2, Buffer.from('E\0\0\0', 'latin1')),
      entry(4, 5, 3, long(placesAt + 24)),
    ]),
    degrees(GPS.latitude),
    degrees(GPS.longitude),
  ]);
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([picture.subarray(0, 2), head, body, picture.subarray(2)]);
}

/** Whether anything of `GPS` is left in these bytes. */
export const knowsItsPlace = (/** @type {Buffer} */ bytes) =>
  bytes.includes(GPS.make, 0, 'latin1') || bytes.includes('Exif\0\0', 0, 'latin1');

/** A PNG of one colour (PNG specification, third edition). */
export function png(width = 320, height = 200, /** @type {[number, number, number]} */ colour = [186, 55, 24]) {
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from(colour))]);
  const chunk = (/** @type {string} */ type, /** @type {Buffer} */ data) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(data.length);
    const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc(named));
    return Buffer.concat([head, named, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc(/** @type {Buffer} */ bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

/**
 * A PDF of several pages in Japanese, its font not embedded and its text in Shift_JIS codes: what offices here send,
 * and what needs the reader's own character maps (ISO 32000-1, 9.7.5).
 * @param {string[]} pages the words of each page, as Shift_JIS hexadecimal
 */
export function pdf(pages) {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, i) => `${6 + i * 2} 0 R`).join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiKakuGo-W5 /Encoding /90ms-RKSJ-H /DescendantFonts [4 0 R] >>',
    '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiKakuGo-W5 /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /FontDescriptor 5 0 R >>',
    '<< /Type /FontDescriptor /FontName /HeiseiKakuGo-W5 /Flags 4 /FontBBox [0 -136 1000 864] /ItalicAngle 0 /Ascent 752 /Descent -221 /CapHeight 737 /StemV 114 >>',
  ];
  for (const [i, words] of pages.entries()) {
    const drawn = `BT /F1 36 Tf 72 700 Td <${words}> Tj ET 72 640 200 4 re f`;
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${7 + i * 2} 0 R >>`,
      `<< /Length ${drawn.length} >>\nstream\n${drawn}\nendstream`,
    );
  }
  let out = '%PDF-1.4\n';
  const places = objects.map((object, i) => {
    const place = out.length;
    out += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const table = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const place of places) out += `${String(place).padStart(10, '0')} 00000 n \n`;
  out += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return Buffer.from(out, 'latin1');
}

/** 納品予定 and 一月の棚卸し in Shift_JIS. */
export const SHIFT_JIS = { delivery: '945b9569975c92e8', stock: '88ea8c8e82cc924989b582b5' };

/** Two seconds of a tone, as WAV. */
export function wav(seconds = 2) {
  const rate = 8_000;
  const data = Buffer.alloc(seconds * rate * 2);
  for (let i = 0; i < seconds * rate; i += 1) {
    data.writeInt16LE(Math.round(8_000 * Math.sin((i / rate) * 2 * Math.PI * 440)), i * 2);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/**
 * A short film, recorded by the browser itself.
 * @param {import('playwright-core').Page} page
 */
export async function webm(page, ms = 2_000) {
  const base64 = await page.evaluate(async (lasts) => {
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 240;
    const at = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const recorder = new MediaRecorder(canvas.captureStream(15), { mimeType: 'video/webm;codecs=vp8' });
    /** @type {Blob[]} */
    const pieces = [];
    recorder.ondataavailable = (event) => pieces.push(event.data);
    const drawing = setInterval(() => {
      at.fillStyle = `hsl(${(performance.now() / 10) % 360} 50% 50%)`;
      at.fillRect(0, 0, 320, 240);
    }, 50);
    recorder.start(200);
    await new Promise((done) => setTimeout(done, lasts));
    await new Promise((done) => {
      recorder.onstop = done;
      recorder.stop();
    });
    clearInterval(drawing);
    const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
    let out = '';
    for (let i = 0; i < bytes.length; i += 32768) out += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(out);
  }, ms);
  return Buffer.from(base64, 'base64');
}

/** An SVG and a page that would tell the opener's window if they ever ran. */
export const HARM = {
  svg: Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80" onload="top.ran=1"><script>top.ran=1;fetch("/api/v1/session").then(()=>{document.title="ran"})</script><rect width="80" height="80"/></svg>',
  ),
  html: Buffer.from('<!doctype html><title>quiet</title><script>top.ran=1;document.title="ran"</script><p>納品書'),
};

/** Writes random bytes to a file; their SHA-256. @param {string} path @param {number} size */
export async function large(path, size) {
  const hash = createHash('sha256');
  const out = createWriteStream(path);
  const piece = Buffer.alloc(4 << 20);
  for (let left = size; left > 0; left -= piece.length) {
    randomFillSync(piece);
    const now = piece.subarray(0, Math.min(left, piece.length));
    hash.update(now);
    if (!out.write(Buffer.from(now))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  return hash.digest('hex');
}

export const sha256 = (/** @type {Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex');

/** One raw call of a person: the answer as it came. */
export async function ask(/** @type {import('./api.mjs').Person} */ person, /** @type {string} */ method, /** @type {string} */ path, /** @type {RequestInit} */ more = {}) {
  const [{ name, value }] = person.cookies;
  return fetch(`${person.url}/api/v1${path}`, {
    method,
    ...more,
    headers: { origin: person.url, cookie: `${name}=${value}`, ...more.headers },
  });
}

/**
 * Uploads through the public API, as any client can; the file's id and the answer to its end.
 * @param {import('./api.mjs').Person} person @param {string} room
 * @param {{name: string, bytes: Buffer, media?: string}} file
 */
export async function upload(person, room, { name, bytes, media }) {
  const file = newId();
  const begun = await person.try('PUT', `/uploads/${file}`, { room, name, size: bytes.length, ...(media && { media }) });
  if (begun.status >= 300) return { file, answer: begun };
  const { part_bytes } = begun.body;
  for (let at = 0, part = 0; at < bytes.length; at += part_bytes, part += 1) {
    await ask(person, 'PUT', `/uploads/${file}/parts/${part}`, {
      body: bytes.subarray(at, at + part_bytes),
      headers: { 'content-type': 'application/octet-stream' },
    });
  }
  return { file, answer: await person.try('POST', `/uploads/${file}/finish`) };
}

/** Uploads and posts in one; the message. @param {import('./api.mjs').Person} person @param {string} room @param {string} text @param {{name: string, bytes: Buffer, media?: string}[]} files */
export async function postFiles(person, room, text, files) {
  const ids = [];
  for (const one of files) {
    const { file, answer } = await upload(person, room, one);
    if (answer.status >= 300) throw new Error(`${one.name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    ids.push(file);
  }
  return person.call('PUT', `/rooms/${room}/messages/${newId()}`, { text, files: ids });
}
