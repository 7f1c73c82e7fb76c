// Builds an animated PNG, which browsers and GitHub display, from pictures of equal size. Node built-ins only.
import { crc32 } from 'node:zlib';

const SIGNATURE_BYTES = 8;
/** size of IHDR, the first chunk, with width, height and colour format */
const IHDR_BYTES = 25;

/** @typedef {{ png: Buffer, ms: number }} Frame a picture, and how long it is shown */

/**
 * @param {Frame[]} frames PNG pictures of the same size and kind
 * @returns {Buffer} an animated PNG in an endless loop
 */
export function animated(frames) {
  const [first] = frames;
  if (!first) throw new Error('There is no picture to animate.');
  const header = first.png.subarray(SIGNATURE_BYTES, SIGNATURE_BYTES + IHDR_BYTES);
  let sequence = 0;
  const parts = frames.flatMap(({ png, ms }, index) => {
    const own = png.subarray(SIGNATURE_BYTES, SIGNATURE_BYTES + IHDR_BYTES);
    if (!own.equals(header)) throw new Error('A picture is of another size or kind than the first.');
    const size = own.subarray(8, 16);
    const control = chunk('fcTL', u32(sequence++), size, u32(0), u32(0), u16(ms), u16(1000), Buffer.from([0, 0]));
    const data = imageData(png);
    return [control, ...data.map((one) => (index === 0 ? chunk('IDAT', one) : chunk('fdAT', u32(sequence++), one)))];
  });
  const signature = first.png.subarray(0, SIGNATURE_BYTES);
  return Buffer.concat([signature, header, chunk('acTL', u32(frames.length), u32(0)), ...parts, chunk('IEND')]);
}

/** @param {Buffer} png @returns {Buffer[]} the contents of its IDAT chunks */
function imageData(png) {
  const found = [];
  for (let at = SIGNATURE_BYTES; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') found.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return found;
}

/** @param {string} type @param {Buffer[]} parts */
function chunk(type, ...parts) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...parts]);
  return Buffer.concat([u32(body.length - 4), body, u32(crc32(body))]);
}

/** @param {number} value */
function u32(value) {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

/** @param {number} value */
function u16(value) {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}
