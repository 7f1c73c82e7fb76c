import { deflateSync } from 'node:zlib';

export type Colour = readonly [red: number, green: number, blue: number];

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
  colour: Colour;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG of coloured rectangles, drawn in order on a plain background. Sizes are integer pixels. */
export function png(width: number, height: number, ground: Colour, rectangles: Rectangle[]): Buffer {
  // Each row starts with its filter byte; 0 means none.
  const stride = 1 + width * 3;
  const pixels = Buffer.alloc(stride * height);
  const paint = ({ x, y, width: w, height: h, colour }: Rectangle): void => {
    const [left, right] = [Math.max(0, x), Math.min(width, x + w)];
    if (right <= left) return;
    const strip = Buffer.alloc((right - left) * 3, Buffer.from(colour));
    for (let row = Math.max(0, y); row < Math.min(height, y + h); row += 1)
      strip.copy(pixels, row * stride + 1 + left * 3);
  };
  for (const rectangle of [{ x: 0, y: 0, width, height, colour: ground }, ...rectangles]) paint(rectangle);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}

/** CRC-32 for PNG. The one in node:zlib is missing in the first releases of Node 20. */
export function crc32(data: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
