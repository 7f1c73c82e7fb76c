import { strict as assert } from 'node:assert';
import { type Bench, bench, type Json } from './support';

const PATH = '/conversations/conv_ana/messages';
const url = 'https://example.com/a.png';

describe('sandbox: sending', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  after(() => box.close());

  const accepted: [name: string, body: Json, kind: string][] = [
    ['text alone', { text: 'hi' }, 'text'],
    ['text with a type', { text: 'hi', type: 'text' }, 'text'],
    ['text with a content type', { text: 'hi', contentType: 'text' }, 'text'],
    ['media with a type of its own', { media: { type: 'video', url: 'https://example.com/v' } }, 'video'],
    ['media with the type outside', { type: 'image', media: { url } }, 'image'],
    ['media with both types', { type: 'image', media: { type: 'image', url } }, 'image'],
    ['media known by its MIME type', { media: { url: 'https://example.com/x', mimeType: 'audio/ogg' } }, 'audio'],
    ['media known by its name', { media: { url } }, 'image'],
    ['media known by nothing', { media: { url: 'https://example.com/x' } }, 'document'],
    ['a caption and a text', { text: 'look', media: { url, caption: 'this' }, type: 'image' }, 'image'],
    ['a data URL', { media: { type: 'image', url: 'data:image/png;base64,AA==' } }, 'image'],
    ['a location', { location: { latitude: -23.5, longitude: -46.6, name: 'Shop' } }, 'location'],
    ['a contact', { type: 'contact', contact: { name: 'Ana', phones: [{ type: 'home', number: '1' }] } }, 'contact'],
    ['buttons', { text: 'Which?', buttons: [{ type: 'reply', text: 'A', payload: 'a' }] }, 'interactive'],
    [
      'a link button',
      { text: 'See', buttons: [{ type: 'url', text: 'Site', url: 'https://example.com' }] },
      'interactive',
    ],
    ['quick replies', { text: 'Which?', contentType: 'text', quickReplies: [{ id: 'a', title: 'A' }] }, 'text'],
    [
      'an interactive message',
      {
        type: 'interactive',
        interactive: {
          type: 'button',
          body: { text: 'Which?' },
          action: { buttons: [{ type: 'reply', id: 'a', title: 'A' }] },
        },
      },
      'interactive',
    ],
    [
      'an interactive list',
      {
        interactive: {
          type: 'list',
          body: { text: 'Pick' },
          action: { sections: [{ title: 'S', rows: [{ id: '1', title: 'One' }] }] },
        },
      },
      'interactive',
    ],
    ['a template', { template: { name: 'welcome', language: 'en', components: [{ type: 'body' }] } }, 'template'],
  ];
  for (const [name, body, kind] of accepted) {
    it(`accepts ${name}`, async () => {
      const reply = await box.api('POST', PATH, { ...body, metadata: { source: 'test' } });
      assert.equal(reply.status, 201, reply.text);
      const message = reply.body;
      const word = ['interactive', 'template', 'system'].includes(kind) ? 'text' : kind;
      assert.deepEqual([message.type, message.contentType, message.direction], [kind, word, 'outbound']);
      assert.deepEqual([message.status, message.senderType, message.senderId], ['pending', 'agent', 'user_demo']);
      assert.deepEqual(message.metadata, { source: 'test' });
      const content = message.content as Json;
      for (const part of ['text', 'media', 'location', 'template']) {
        if (body[part] === undefined) continue;
        assert.deepEqual(content[part], message[part], part);
        if (typeof body[part] === 'object')
          assert.deepEqual({ ...(message[part] as Json), ...(body[part] as Json) }, message[part]);
        else assert.equal(message[part], body[part]);
      }
      assert.ok(message.createdAt && message.updatedAt);
      assert.deepEqual((await box.api('GET', `${PATH}/${message.id}`)).body.content, content);
    });
  }

  const refused: [name: string, body: unknown, field: string][] = [
    ['nothing', {}, 'text'],
    ['no body', undefined, 'text'],
    ['blanks', { text: '  ' }, 'text'],
    ['a text that is a number', { text: 7 }, 'text'],
    ['an unknown type', { type: 'hologram', text: 'x' }, 'type'],
    ['an image without media', { type: 'image', text: 'x' }, 'media'],
    ['media without a URL', { media: { type: 'image' } }, 'media.url'],
    ['media on a local disk', { media: { type: 'image', url: 'file:///etc/passwd' } }, 'media.url'],
    ['a place beyond the pole', { location: { latitude: 91, longitude: 0 } }, 'location.latitude'],
    ['half a place', { location: { latitude: 1 } }, 'location.longitude'],
    ['a button without a text', { text: 'x', buttons: [{ type: 'reply' }] }, 'buttons[0].text'],
    ['a template without a name', { template: { language: 'en' } }, 'template.name'],
    ['an empty interactive', { type: 'interactive', text: 'x' }, 'interactive'],
    ['metadata that is no object', { text: 'x', metadata: 'y' }, 'metadata'],
  ];
  for (const [name, body, field] of refused) {
    it(`refuses ${name}`, async () => {
      const before = (await box.state()).counts.messages;
      const { status, body: error } = await box.api('POST', PATH, body);
      assert.equal(status, 400);
      assert.equal(error.code, 'VALIDATION_ERROR');
      assert.deepEqual(Object.keys(error.details as Json), [field]);
      assert.equal((await box.state()).counts.messages, before);
    });
  }

  it('shows buttons in every form', async () => {
    const { body } = await box.api('POST', PATH, {
      text: 'Which?',
      buttons: [{ type: 'reply', text: 'A', payload: 'a' }],
    });
    assert.deepEqual((body.content as Json).buttons, [{ type: 'reply', text: 'A', payload: 'a' }]);
    assert.deepEqual(body.interactive, {
      type: 'button',
      body: { text: 'Which?' },
      action: { buttons: [{ type: 'reply', id: 'a', title: 'A' }] },
    });
    assert.deepEqual(body.quickReplies, [{ id: 'a', title: 'A' }]);
  });

  it('answers 404 for a conversation that is not there', async () => {
    assert.equal((await box.api('POST', '/conversations/conv_x/messages', { text: 'x' })).status, 404);
    assert.equal((await box.api('GET', '/conversations/conv_bruno/messages/msg_ana_1')).status, 404);
  });

  it('keeps the key of every send, and repeats itself unless told otherwise', async () => {
    const key = { 'Idempotency-Key': 'key-1' };
    const first = await box.api('POST', PATH, { text: 'once?' }, key);
    const second = await box.api('POST', PATH, { text: 'once?' }, key);
    assert.notEqual(first.body.id, second.body.id);
    const sends = (await box.state()).sends.filter(({ idempotencyKey }) => idempotencyKey === 'key-1');
    assert.deepEqual(
      sends.map(({ messageId, text }) => [messageId, text]),
      [first, second].map(({ body }) => [body.id, 'once?']),
    );
  });

  it('stores once per key when idempotency is on, also for two at the same time', async () => {
    const strict = await bench({ idempotency: true });
    const post = (key: string, path = PATH) => strict.api('POST', path, { text: 'once' }, { 'Idempotency-Key': key });
    const replies = await Promise.all([post('k'), post('k'), post('k')]);
    assert.equal(new Set(replies.map(({ body }) => body.id)).size, 1);
    assert.equal((await strict.state()).sends.length, 1);
    assert.notEqual((await post('other')).body.id, replies[0]?.body.id);
    assert.equal((await post('k', '/conversations/conv_bruno/messages')).status, 409);
    await strict.close();
  });
});
