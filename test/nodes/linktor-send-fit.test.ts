import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer, request as http, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setUpFlows } from '../support/flows';
import { asking, conversationIn, detailsOf, type Loose, sendNode } from './sending';

const sentence = 'The quick brown fox jumps over the lazy dog. ';
const long = sentence.repeat(250).trim();
const three = ['Red', 'Green', { title: 'Blue', id: 'b' }];

describe('linktor-send: what a channel takes', () => {
  const setup = setUpFlows();
  const { play, state, control } = setup;
  const ask = asking(setup);

  /** Sends one message into a conversation of Ana's in a channel of this type. */
  async function sent(type: string, fields: Loose, msg: Loose): Promise<Loose> {
    const { id: conversationId } = await conversationIn(ask, type);
    const { node, probe, caught } = await play(sendNode(fields));
    node('node').receive({ conversationId, ...msg });
    const out = await Promise.race([probe('out').first(), caught.first()]);
    const { data } = await ask('GET', `/conversations/${conversationId}/messages?sortOrder=asc`);
    return { ...out, stored: data };
  }

  for (const [type, limit] of [
    ['whatsapp', 4096],
    ['sms', 1600],
    ['instagram', 1000],
    ['facebook', 2000],
    ['telegram', 4096],
  ] as const) {
    it(`${type}: splits a long text between sentences, in order, losing nothing`, async () => {
      const { sent: receipt, stored } = await sent(type, {}, { payload: long });
      const texts: string[] = stored.map(({ text }: Loose) => text);
      assert.equal(texts.join(''), long);
      assert.ok(texts.every((text) => text.length <= limit && text.trim().endsWith('.')));
      assert.equal(receipt.parts, texts.length);
      assert.deepEqual(
        receipt.messageIds,
        stored.map(({ id }: Loose) => id),
      );
      assert.deepEqual([receipt.messageId, receipt.adapted], [receipt.messageIds[0], ['split']]);
    });
  }

  it('leaves a long text whole where there is no limit', async () => {
    const { sent: receipt } = await sent('email', {}, { payload: long });
    assert.deepEqual([receipt.parts, receipt.adapted], [1, undefined]);
  });

  it('asks about a channel only when it matters, and once', async () => {
    const { node, probe } = await play(sendNode());
    node('node').receive({ conversationId: 'conv_ana', payload: 'short' });
    await probe('out').take(1);
    assert.deepEqual(
      (await state()).requests.map(({ method }) => method),
      ['POST'],
    );
    for (let count = 0; count < 3; count++) node('node').receive({ conversationId: 'conv_ana', payload: long });
    await probe('out').take(4);
    const reads = (await state()).requests.filter(({ method }) => method === 'GET').map(({ path }) => path);
    assert.deepEqual(reads, ['/conversations/conv_ana', '/channels/ch_webchat/capabilities']);
  });

  it('keeps the order of a conversation, whatever is long or short', async () => {
    const { node, probe } = await play(sendNode());
    const payloads = ['first', 'second', 'third', long, 'fourth', long, 'fifth', 'sixth'];
    for (const payload of payloads) node('node').receive({ conversationId: 'conv_ana', payload });
    await probe('out').take(payloads.length);
    assert.equal((await state()).sends.map(({ text }) => text).join(''), payloads.join(''));
  });

  it('goes by what is published when the server does not say', async () => {
    await control('fail', { count: 10, status: 404, method: 'GET', path: '/channels' });
    const { node, probe } = await play(sendNode());
    node('node').receive({ conversationId: 'conv_ana', channelId: 'ch_webchat', channelType: 'sms', payload: long });
    const { sent: receipt } = await probe('out').first();
    assert.ok((await state()).sends.every(({ text }) => text.length <= 1600));
    assert.equal((receipt as Loose).parts, 8);
  });

  for (const [name, refuse, expected] of [
    ['is refused', (response) => response.writeHead(500).end(), { code: 'server', ambiguous: true }],
    ['is lost on its way', (response) => response.destroy(), { code: 'network', ambiguous: true }],
    ['is not let in', (response) => response.writeHead(403).end(), { code: 'authorization', ambiguous: false }],
  ] as [string, (response: ServerResponse) => void, Loose][]) {
    it(`says which parts have left when the next one ${name}, and sends no more`, async () => {
      const { id: conversationId } = await conversationIn(ask, 'sms');
      let posts = 0;
      // Everything goes on to the sandbox, but for the third message.
      const between = createServer((request, response) => {
        if (request.method === 'POST' && ++posts === 3) return refuse(response);
        const { method, headers, url } = request;
        const onward = http(`${setup.sandbox.url}${url}`, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        });
        request.pipe(onward);
      });
      await once(between.listen(0, '127.0.0.1'), 'listening');
      const baseUrl = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
      const { node, caught } = await play(sendNode(), { account: { baseUrl, maxRetries: 0 } });
      node('node').receive({ conversationId, payload: long });
      const { error } = await caught.first();
      between.closeAllConnections();
      between.close();
      const { sends } = await state();
      assert.equal(sends.length, 2);
      assert.deepEqual(
        [error?.code, error?.cause.ambiguous, error?.cause.retryable],
        [expected.code, expected.ambiguous, false],
      );
      const { sent: ids, failedPart, parts } = detailsOf(error);
      assert.deepEqual(
        ids,
        sends.map(({ messageId }) => messageId),
      );
      assert.deepEqual([failedPart, parts], [3, 8]);
      assert.match(error?.message ?? '', /Part 3 of 8/);
    });
  }

  it('truncates when asked to', async () => {
    const { sent: receipt, stored } = await sent('sms', { ifTooLong: 'truncate' }, { payload: long });
    assert.equal(stored.length, 1);
    assert.ok(stored[0].text.length <= 1600 && stored[0].text.endsWith('…'));
    assert.deepEqual([receipt.parts, receipt.adapted], [1, ['truncated']]);
  });

  it('refuses when asked to, before anything leaves', async () => {
    const { error, stored } = await sent('sms', { ifTooLong: 'fail' }, { payload: long });
    assert.equal(error.code, 'validation');
    assert.deepEqual(detailsOf(error), { length: long.length, limit: 1600 });
    assert.equal(stored.length, 0);
  });

  it('begins a long caption under its picture, and goes on with text', async () => {
    const { stored } = await sent(
      'whatsapp',
      { kind: 'media' },
      { attachments: ['https://example.com/a.png'], caption: long },
    );
    const [picture, ...texts] = stored;
    assert.equal(picture.contentType, 'image');
    assert.ok(picture.media.caption.length <= 1024);
    assert.equal([picture.media.caption, ...texts.map(({ text }: Loose) => text)].join(''), long);
  });

  it('puts the buttons under the end of a long text', async () => {
    const { stored } = await sent('whatsapp', { kind: 'buttons' }, { payload: long, buttons: three });
    const last = stored.at(-1);
    assert.ok(last.interactive);
    assert.ok(last.interactive.body.text.length <= 1024);
    assert.equal([...stored.slice(0, -1).map(({ text }: Loose) => text), last.interactive.body.text].join(''), long);
  });

  it('leaves buttons that the channel has', async () => {
    const { sent: receipt, stored } = await sent(
      'whatsapp',
      { kind: 'buttons' },
      { payload: 'Which?', buttons: three },
    );
    assert.equal(stored[0].interactive.action.buttons.length, 3);
    assert.equal(receipt.adapted, undefined);
  });

  const four = [...three, { title: 'Shop', url: 'https://example.com' }];
  const numbered: [string, string, Loose, Loose, string][] = [
    [
      'buttons where there are none',
      'sms',
      { kind: 'buttons' },
      { buttons: three },
      'Which?\n\n1. Red\n2. Green\n3. Blue',
    ],
    [
      'too many buttons',
      'whatsapp',
      { kind: 'buttons' },
      { buttons: four },
      'Which?\n\n1. Red\n2. Green\n3. Blue\n4. Shop: https://example.com',
    ],
    [
      'a list where there is none',
      'email',
      { kind: 'list' },
      {
        list: [
          'Tea',
          { title: 'Mocha', section: 'Coffee', description: 'sweet' },
          { title: 'Flat', section: 'Coffee' },
        ],
      },
      'Which?\n\n1. Tea\n\nCoffee\n2. Mocha: sweet\n3. Flat',
    ],
  ];
  for (const [name, type, fields, msg, text] of numbered) {
    it(`numbers ${name}, and keeps the choices with the message`, async () => {
      const { sent: receipt, stored } = await sent(type, fields, {
        payload: 'Which?',
        metadata: { order: '17' },
        ...msg,
      });
      assert.deepEqual(
        stored.map((one: Loose) => one.text),
        [text],
      );
      const { order, options } = stored[0].metadata;
      assert.equal(order, '17');
      assert.deepEqual(
        options.map(({ number }: Loose) => number),
        options.map((_: unknown, index: number) => index + 1),
      );
      assert.deepEqual(receipt.adapted, ['numbered']);
    });
  }

  it('offers the first ones when asked to', async () => {
    const { sent: receipt, stored } = await sent(
      'whatsapp',
      { kind: 'buttons', ifNoButtons: 'first' },
      { payload: 'Which?', buttons: four },
    );
    assert.deepEqual(
      stored[0].interactive.action.buttons.map(({ title }: Loose) => title),
      ['Red', 'Green', 'Blue'],
    );
    assert.deepEqual(receipt.adapted, ['shortened']);
  });

  it('offers the first entries of a list, whatever section they are in', async () => {
    const list = Array.from({ length: 12 }, (_, index) => ({ title: `${index}`, section: index < 8 ? 'low' : 'high' }));
    const { stored } = await sent('whatsapp', { kind: 'list', ifNoButtons: 'first' }, { payload: 'Which?', list });
    const { sections } = stored[0].interactive.action;
    assert.deepEqual(
      sections.map(({ rows }: Loose) => rows.length),
      [8, 2],
    );
  });

  it('refuses them when asked to', async () => {
    const { error, stored } = await sent(
      'sms',
      { kind: 'buttons', ifNoButtons: 'fail' },
      { payload: 'Which?', buttons: three },
    );
    assert.equal(error.code, 'validation');
    assert.match(error.message, /sms has no buttons/);
    assert.equal(stored.length, 0);
  });

  // What the operators of the channels publish, with one that fits and one that does not.
  const refused: [what: string, type: string, kind: string, options: unknown[], problem: RegExp][] = [
    ['a title of a button over 20', 'whatsapp', 'buttons', ['x'.repeat(21)], /title of a button.*21 characters.* 20/],
    [
      'two equal titles',
      'whatsapp',
      'buttons',
      ['Yes', { title: 'yes\u200b', id: 'no' }],
      /Two buttons have the title/,
    ],
    ['two equal ids', 'whatsapp', 'buttons', ['Yes', { title: 'No', id: 'Yes' }], /Two buttons have the id "Yes"/],
    ['an id over 256', 'whatsapp', 'buttons', [{ title: 'a', id: 'x'.repeat(257) }], /id of a button.*257 bytes/],
    ['a title of an entry over 24', 'whatsapp', 'list', ['x'.repeat(25)], /title of a list entry.* 24/],
    ['a description over 72', 'whatsapp', 'list', [{ title: 'a', description: 'x'.repeat(73) }], /description.* 72/],
    [
      'an entry without a section beside others',
      'whatsapp',
      'list',
      ['Tea', { title: 'Mocha', section: 'Coffee' }],
      /"Tea" has no section/,
    ],
    ['a heading over 24', 'whatsapp', 'list', [{ title: 'a', section: 'x'.repeat(25) }], /section.* 24/],
    ['an id over 64 bytes', 'telegram', 'buttons', [{ title: 'a', id: 'é'.repeat(33) }], /66 bytes.* 64/],
    ['a title over 20', 'facebook', 'buttons', ['x'.repeat(21)], /facebook takes 20/],
    ['a title over 25', 'rcs', 'buttons', ['x'.repeat(26)], /rcs takes 25/],
  ];
  for (const [what, type, kind, options, problem] of refused) {
    const msg = { payload: 'Which?', [kind]: options };

    it(`${type}: sends ${what} as a numbered text`, async () => {
      const { sent: receipt, stored } = await sent(type, { kind }, msg);
      assert.deepEqual([stored.length, stored[0].interactive, receipt.adapted], [1, undefined, ['numbered']]);
      assert.match(stored[0].text, /^1\. /m);
    });

    it(`${type}: refuses ${what} when asked to`, async () => {
      const { error, stored } = await sent(type, { kind, ifNoButtons: 'fail' }, msg);
      assert.equal(error.code, 'validation');
      assert.match(error.message, problem);
      assert.equal(stored.length, 0);
    });
  }

  for (const [type, kind, options] of [
    ['whatsapp', 'buttons', ['x'.repeat(20), { title: 'b', url: `https://example.com/${'x'.repeat(80)}` }]],
    ['whatsapp', 'list', [{ title: 'x'.repeat(24), description: 'x'.repeat(72), section: 'x'.repeat(24) }]],
    ['telegram', 'buttons', ['x'.repeat(60), 'x'.repeat(60)]],
    ['webchat', 'buttons', ['x'.repeat(100), 'x'.repeat(100)]],
  ] as const) {
    it(`${type}: leaves ${kind} that just fit`, async () => {
      const { sent: receipt, stored } = await sent(type, { kind }, { payload: 'Which?', [kind]: options });
      assert.ok(stored[0].interactive);
      assert.equal(receipt.adapted, undefined);
    });
  }

  it('numbers them when the first ones do not fit either', async () => {
    const buttons = ['x'.repeat(21), 'b', 'c', 'd'];
    const { sent: receipt } = await sent(
      'whatsapp',
      { kind: 'buttons', ifNoButtons: 'first' },
      { payload: '?', buttons },
    );
    assert.deepEqual(receipt.adapted, ['numbered']);
  });
});
