import { strict as assert } from 'node:assert';
import { factsOf } from '../../../lib/files/type';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const pdf = Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n', 'latin1');
const mp3 = Buffer.concat([
  Buffer.from('ID3\x03\0\0\0\0\0\0'),
  Buffer.from([0xff, 0xfb, 0x90, 0x00]),
  Buffer.alloc(600),
]);
/** The beginning of the container of old Office documents. */
const oldOffice = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]);

describe('files: what they are', () => {
  const cases: [string, Buffer, object, object][] = [
    ['a picture without a name', png, {}, { mimeType: 'image/png', filename: 'image.png', kind: 'image' }],
    [
      'a picture that says it is a film',
      png,
      { mimeType: 'video/mp4', filename: 'a.mp4' },
      { mimeType: 'image/png', filename: 'a.mp4', kind: 'image' },
    ],
    [
      'a document',
      pdf,
      { filename: 'offer' },
      { mimeType: 'application/pdf', filename: 'offer.pdf', kind: 'document' },
    ],
    ['music', mp3, {}, { mimeType: 'audio/mpeg', filename: 'audio.mp3', kind: 'audio' }],
    [
      'a container whose author says more',
      oldOffice,
      { mimeType: 'application/msword', filename: 'a.doc' },
      { mimeType: 'application/msword', filename: 'a.doc', kind: 'document' },
    ],
    [
      'a container whose author says something else',
      oldOffice,
      { mimeType: 'image/png' },
      { mimeType: 'application/x-cfb', filename: 'document.cfb', kind: 'document' },
    ],
    [
      'a table by its name',
      Buffer.from('a;b\n1;ü\n'),
      { filename: 'Preise.CSV' },
      { mimeType: 'text/csv', filename: 'Preise.CSV', kind: 'document' },
    ],
    [
      'a text that says it is a picture',
      Buffer.from('hello'),
      { mimeType: 'image/png' },
      { mimeType: 'text/plain', filename: 'document.txt', kind: 'document' },
    ],
    [
      'a drawing, which is no picture for a channel',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      { mimeType: 'image/svg+xml', filename: 'a.svg' },
      { mimeType: 'image/svg+xml', filename: 'a.svg', kind: 'document' },
    ],
    [
      'nothing known',
      Buffer.from([0, 1, 2, 255]),
      { mimeType: 'image/png', filename: 'a.png' },
      { mimeType: 'application/octet-stream', filename: 'a.png', kind: 'document' },
    ],
    [
      'a name that leads elsewhere',
      png,
      { filename: '../../etc/pass\u202ewd\r\n' },
      { mimeType: 'image/png', filename: 'passwd.png', kind: 'image' },
    ],
    [
      'a type that is none',
      Buffer.from('x'),
      { mimeType: 'text/html\r\nX: y', filename: 7 },
      { mimeType: 'text/plain', filename: '7.txt', kind: 'document' },
    ],
  ];
  for (const [what, data, said, expected] of cases) {
    it(`finds ${what}`, async () => assert.deepEqual(await factsOf(data, said), expected));
  }
});
