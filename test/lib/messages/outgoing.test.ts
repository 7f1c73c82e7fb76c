import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { LinktorError } from '../../../lib/errors';
import { mediaMessage } from '../../../lib/messages/media';
import {
  buttonsMessage,
  contactMessage,
  listMessage,
  locationMessage,
  templateMessage,
  textMessage,
  textOf,
} from '../../../lib/messages/outgoing';
import type { Outgoing } from '../../../lib/model';
import { failing } from '../support';

const circular: Record<string, unknown> = {};
circular.self = circular;
const bare = Object.assign(Object.create(null), { a: 1 });
const nothing: unknown[] = [
  undefined,
  null,
  '',
  ' ',
  '\n',
  [],
  {},
  Buffer.from('x'),
  Number.NaN,
  () => 'x',
  Symbol('x'),
  bare,
];

/** Its base64 is longer than most names. */
const bytes = Buffer.from('x'.repeat(80));

describe('outgoing', () => {
  const good: [string, () => Outgoing, Outgoing][] = [
    ['a text', () => textMessage('Hi'), { type: 'text', text: 'Hi' }],
    ['a text with space around it', () => textMessage(' Hi\n'), { type: 'text', text: ' Hi\n' }],
    ['a number as text', () => textMessage(0), { type: 'text', text: '0' }],
    ['a boolean as text', () => textMessage(false), { type: 'text', text: 'false' }],
    ['an object with a text', () => textMessage({ text: 'Hi' }), { type: 'text', text: 'Hi' }],
    [
      'media by URL, the type from its ending',
      () => mediaMessage('https://x.test/a.JPG?w=1#x', undefined),
      { type: 'image', media: { url: 'https://x.test/a.JPG?w=1#x', type: 'image' } },
    ],
    [
      'media of another ending',
      () => mediaMessage('https://x.test/a.xyz', 'Look'),
      { type: 'document', media: { url: 'https://x.test/a.xyz', type: 'document', caption: 'Look' } },
    ],
    [
      'media without an ending',
      () => mediaMessage('http://x.test', undefined),
      { type: 'document', media: { url: 'http://x.test', type: 'document' } },
    ],
    [
      'a voice message',
      () => mediaMessage(' https://x.test/a.opus ', undefined),
      { type: 'audio', media: { url: 'https://x.test/a.opus', type: 'audio' } },
    ],
    [
      'media whose MIME type wins over its ending',
      () => mediaMessage({ url: 'https://x.test/a.png', mimeType: 'video/mp4' }, undefined),
      { type: 'video', media: { url: 'https://x.test/a.png', mimeType: 'video/mp4', type: 'video' } },
    ],
    [
      'media whose own type wins over all',
      () => mediaMessage({ url: 'https://x.test/a.png', mimeType: 'video/mp4', type: 'sticker' }, undefined),
      { type: 'sticker', media: { url: 'https://x.test/a.png', mimeType: 'video/mp4', type: 'sticker' } },
    ],
    [
      'media by a URL with blanks and letters beyond ASCII',
      () => mediaMessage('https://x.test/Preise für März.png', undefined),
      { type: 'image', media: { url: 'https://x.test/Preise%20f%C3%BCr%20M%C3%A4rz.png', type: 'image' } },
    ],
    [
      'a button to a page with blanks and letters beyond ASCII in its address',
      () => buttonsMessage('Look', [{ title: 'Preise', url: 'https://x.test/Preise für März' }]),
      {
        type: 'interactive',
        interactive: {
          type: 'button',
          body: { text: 'Look' },
          action: {
            buttons: [
              { type: 'url', id: 'Preise', title: 'Preise', url: 'https://x.test/Preise%20f%C3%BCr%20M%C3%A4rz' },
            ],
          },
        },
      },
    ],
    ...(['mimetype', 'mime_type'] as const).map((name): [string, () => Outgoing, Outgoing] => [
      `media whose MIME type is in ${name}`,
      () => mediaMessage({ url: 'https://x.test/a', [name]: 'video/mp4', file_name: 'a.mp4' }, undefined),
      {
        type: 'video',
        media: { url: 'https://x.test/a', mimeType: 'video/mp4', filename: 'a.mp4', type: 'video' },
      },
    ]),
    [
      'a voice note by URL',
      () => mediaMessage('https://x.test/a.ogg', undefined, 'voice'),
      { type: 'audio', media: { url: 'https://x.test/a.ogg', type: 'audio', voice: true } },
    ],
    [
      'a received voice note that is sent on',
      () => mediaMessage({ url: 'https://x.test/a', type: 'voice' }, undefined),
      { type: 'audio', media: { url: 'https://x.test/a', type: 'audio', voice: true } },
    ],
    ...[
      bytes,
      new Uint8Array(bytes),
      new Uint8Array(bytes).buffer,
      JSON.parse(JSON.stringify(bytes)),
      `data:image/png;base64,${bytes.toString('base64')}`,
      `data:text/plain,${'x'.repeat(80)}`,
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('base64').replace(/(.{40})/g, '$1\n'),
      { data: bytes },
      { url: '/files/relative', data: bytes },
      { base64: bytes.toString('base64') },
      { data: bytes.toString('base64') },
    ].map((given, index): [string, () => Outgoing, Outgoing] => {
      const mimeType = typeof given === 'string' ? /^data:([^;,]+)/.exec(given)?.[1] : undefined;
      const media = { url: '', type: '', caption: 'Look', ...(mimeType && { mimeType }) };
      return [
        `media from bytes, form ${index + 1}`,
        () => mediaMessage(given, 'Look'),
        { type: 'document', media, file: { data: bytes } },
      ];
    }),
    ...['/srv/a.png', 'a.png', './a', 'file:///srv/a.png', 'C:\\srv\\a.png'].map(
      (path): [string, () => Outgoing, Outgoing] => [
        `media from the path ${path}`,
        () => mediaMessage(path, undefined),
        { type: 'document', media: { url: '', type: '' }, file: { path } },
      ],
    ),
    [
      'media with a caption of its own',
      () => mediaMessage({ url: 'https://x.test/a.pdf', caption: 'mine', filename: 'a.pdf' }, undefined),
      {
        type: 'document',
        media: { url: 'https://x.test/a.pdf', caption: 'mine', filename: 'a.pdf', type: 'document' },
      },
    ],
    [
      'media whose caption is given',
      () => mediaMessage({ url: 'https://x.test/a.pdf', caption: 'mine' }, 'given'),
      { type: 'document', media: { url: 'https://x.test/a.pdf', caption: 'given', type: 'document' } },
    ],
    [
      'a location',
      () => locationMessage({ latitude: -90, longitude: 180 }),
      { type: 'location', location: { latitude: -90, longitude: 180 } },
    ],
    [
      'a location of texts',
      () => locationMessage({ latitude: '1.5', longitude: ' -2 ', name: 'Sé', address: 7 }),
      { type: 'location', location: { latitude: 1.5, longitude: -2, name: 'Sé', address: '7' } },
    ],
    [
      'the middle of the world',
      () => locationMessage({ latitude: 0, longitude: 0 }),
      { type: 'location', location: { latitude: 0, longitude: 0 } },
    ],
    [
      'a contact card',
      () => contactMessage({ name: 'Bia', phones: ['+551', { type: 'work', number: 552 }], emails: ['b@x.test'] }),
      {
        type: 'contact',
        contact: {
          name: 'Bia',
          phones: [
            { type: 'mobile', number: '+551' },
            { type: 'work', number: '552' },
          ],
          emails: ['b@x.test'],
        },
      },
    ],
    [
      'a contact card of single values',
      () => contactMessage({ name: 'Bia', phone: '+551', email: 'b@x.test' }),
      { type: 'contact', contact: { name: 'Bia', phones: [{ type: 'mobile', number: '+551' }], emails: ['b@x.test'] } },
    ],
    [
      'buttons',
      () =>
        buttonsMessage('Sure?', [
          'Yes',
          { title: 'No', id: 'n' },
          { text: 'Maybe', payload: 'm' },
          { title: 'Site', url: 'https://x.test' },
          { title: 'Call', phone: '+551' },
        ]),
      {
        type: 'interactive',
        interactive: {
          type: 'button',
          body: { text: 'Sure?' },
          action: {
            buttons: [
              { type: 'reply', id: 'Yes', title: 'Yes' },
              { type: 'reply', id: 'n', title: 'No' },
              { type: 'reply', id: 'm', title: 'Maybe' },
              { type: 'url', id: 'Site', title: 'Site', url: 'https://x.test' },
              { type: 'call', id: 'Call', title: 'Call', phone: '+551' },
            ],
          },
        },
      },
    ],
    [
      'a list, with the rows of a section together',
      () =>
        listMessage('Pick', [
          { title: 'A', section: 'one' },
          'B',
          { title: 'C', section: 'one', id: 3, description: 'd' },
        ]),
      {
        type: 'interactive',
        interactive: {
          type: 'list',
          body: { text: 'Pick' },
          action: {
            sections: [
              {
                title: 'one',
                rows: [
                  { id: 'A', title: 'A' },
                  { id: '3', title: 'C', description: 'd' },
                ],
              },
              { title: '', rows: [{ id: 'B', title: 'B' }] },
            ],
          },
        },
      },
    ],
    [
      'a template',
      () => templateMessage('hello', 'pt_BR', undefined),
      { type: 'template', template: { name: 'hello', language: 'pt_BR' } },
    ],
    [
      'a template with values',
      () => templateMessage('hello', 'pt_BR', ['Ana', 7]),
      {
        type: 'template',
        template: {
          name: 'hello',
          language: 'pt_BR',
          components: [
            {
              type: 'body',
              parameters: [
                { type: 'text', text: 'Ana' },
                { type: 'text', text: '7' },
              ],
            },
          ],
        },
      },
    ],
    [
      "a template with one value, in the server's own words",
      () => templateMessage({ name: 'hello', language: 'de' }, '', { type: 'image', image: { link: 'u' } }),
      {
        type: 'template',
        template: {
          name: 'hello',
          language: 'de',
          components: [{ type: 'body', parameters: [{ type: 'image', image: { link: 'u' } }] }],
        },
      },
    ],
    [
      'a template whose components are its own, in the language that is given',
      () => templateMessage({ name: 'hello', language: 'de', components: [{ type: 'header' }] }, 'pt_BR', undefined),
      { type: 'template', template: { name: 'hello', language: 'pt_BR', components: [{ type: 'header' }] } },
    ],
  ];
  for (const [what, make, expected] of good) it(`makes ${what}`, () => assert.deepEqual(make(), expected));

  const bad: [string, (given: unknown) => unknown, unknown[]][] = [
    ['a text', textMessage, [...nothing, { text: '' }, { text: {} }]],
    [
      'media',
      (given) => mediaMessage(given, undefined),
      [
        ...nothing.filter((one) => !Buffer.isBuffer(one)),
        'a picture',
        'ftp://x.test/a',
        'data:image/png;base64,A',
        'data:image/png',
        Buffer.alloc(0),
        'https://',
        'https://[',
        'http://%',
        'https://x.test:99999/a',
        'http://a b',
        { url: 'http://[', type: 'image' },
        { data: 'x' },
        'javascript:alert(1)',
      ],
    ],
    [
      'a location',
      locationMessage,
      [
        ...nothing,
        { latitude: 1 },
        { longitude: 1 },
        { latitude: 91, longitude: 0 },
        { latitude: 0, longitude: -181 },
        { latitude: Number.NaN, longitude: 0 },
        { latitude: '', longitude: 0 },
        { latitude: null, longitude: 0 },
        { latitude: 'north', longitude: 0 },
        { latitude: true, longitude: 0 },
        [1, 2],
      ],
    ],
    [
      'a contact card',
      contactMessage,
      [
        ...nothing,
        { name: 'Bia' },
        { name: 'Bia', phones: [] },
        { phones: ['+551'] },
        { name: ' ', phones: ['+551'] },
        { name: 'Bia', phones: [''] },
        { name: 'Bia', phones: [{}] },
        { name: 'Bia', phones: [null] },
        { name: 'Bia', phones: [{ number: {} }] },
        { name: 'Bia', emails: [bare] },
        { name: 'Bia', emails: [{ email: 'x' }] },
      ],
    ],
    [
      'buttons',
      (given) => buttonsMessage('Sure?', given),
      [...nothing, 'Yes', [''], [{}], [{ id: 'y' }], [null], [['x']]],
    ],
    ['a list', (given) => listMessage('Pick', given), [...nothing, 'Yes', [''], [{ description: 'd' }], [undefined]]],
    [
      'a template',
      (given) => templateMessage(given, 'de', undefined),
      [...nothing, { name: '' }, { name: {} }, { language: 'de' }],
    ],
    [
      'values of a template',
      (given) => templateMessage('hello', 'de', given),
      [null, [null], [undefined], ['a', ''], [{}], [{ text: 'x' }], [bare], [[]]],
    ],
  ];
  for (const [what, make, inputs] of bad) {
    it(`refuses what is no good for ${what}, and says so in a sentence`, async () => {
      for (const input of inputs) {
        const error = await failing(() => make(input));
        assert.equal(error.code, 'validation');
        assert.match(error.message, /^[A-Z].*\.$/);
      }
    });
  }

  it('wants a text for buttons and lists, and a language for a template', async () => {
    for (const make of [
      () => buttonsMessage(undefined, ['Yes']),
      () => listMessage(undefined, ['Yes']),
      () => templateMessage('hello', '', undefined),
    ]) {
      assert.equal((await failing(make)).code, 'validation');
    }
  });

  it('reads texts', () => {
    const cases: [unknown, string | undefined][] = [
      ['a', 'a'],
      [1.5, '1.5'],
      [true, 'true'],
      ['', undefined],
      ['  ', undefined],
      [null, undefined],
      [{}, undefined],
      [['a'], undefined],
    ];
    for (const [given, expected] of cases) assert.equal(textOf(given), expected);
  });

  it('changes nothing of what it is given', () => {
    const given = { url: 'https://x.test/a.png', data: 'x' };
    mediaMessage(Object.freeze(given), 'c');
    assert.deepEqual(given, { url: 'https://x.test/a.png', data: 'x' });
  });

  it('throws nothing but validation errors, and makes nothing but what JSON can carry', () => {
    const input = fc.oneof(fc.anything(), fc.jsonValue(), fc.constant(circular));
    fc.assert(
      fc.property(input, input, fc.option(fc.string(), { nil: undefined }), (one, other, text) => {
        for (const make of [
          () => textMessage(one),
          () => mediaMessage(one, text),
          () => locationMessage(one),
          () => contactMessage(one),
          () => contactMessage({ name: 'n', phones: one, emails: other }),
          () => buttonsMessage('t', one),
          () => buttonsMessage('t', [one]),
          () => listMessage('t', [one, other]),
          () => templateMessage(one, text ?? '', other),
          () => templateMessage('n', 'l', [other]),
        ]) {
          try {
            assert.equal(typeof make().type, 'string');
          } catch (error) {
            assert.ok(error instanceof LinktorError, String(error));
            assert.equal(error.code, 'validation');
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
