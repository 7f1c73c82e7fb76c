import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { message as decode } from '../../../lib/contract/message';
import { attachmentsOf, choiceOf, groupOf, memberOf, wordsOf } from '../../../lib/messages/incoming';
import type { Message } from '../../../lib/model';

const message = (parts: object): Message => ({
  id: 'm',
  conversationId: 'c',
  direction: 'inbound',
  contentType: 'text',
  ...parts,
});

describe('incoming', () => {
  const chats: [string, object | undefined, object | undefined][] = [
    ['nothing', undefined, undefined],
    ['other facts', { phone: '5511' }, undefined],
    ['a group of Telegram', { chatType: 'group' }, { type: 'group' }],
    ['a large group of Telegram', { chatType: 'supergroup' }, { type: 'supergroup' }],
    ['a chat with one person in Telegram', { chatType: 'private' }, undefined],
    ['a group of WhatsApp', { is_group: 'true', chat_jid: '1@g.us' }, { type: 'group', id: '1@g.us' }],
    ['a group without its id', { is_group: true, chat_jid: '' }, { type: 'group' }],
    ['a chat with one person in WhatsApp', { is_group: 'false', chat_jid: '5511@s.whatsapp.net' }, undefined],
    ['nonsense', { is_group: {}, chatType: 1, chat_jid: [] }, undefined],
  ];
  for (const [name, metadata, group] of chats) {
    it(`knows a group: ${name}`, () => assert.deepEqual(groupOf(message({ metadata })), group));
  }

  it('knows who wrote in a group', () => {
    const known: [object, object][] = [
      [{ metadata: { sender_name: 'Ana', sender_id: '5511' } }, { name: 'Ana', address: '5511' }],
      [{ senderName: 'Ana', metadata: {} }, { name: 'Ana' }],
      [{ metadata: { sender_name: '', sender_id: 7 } }, {}],
      [{}, {}],
    ];
    for (const [parts, who] of known) assert.deepEqual(memberOf(message(parts)), who);
  });

  const picked: [string, object, object | undefined][] = [
    [
      'a button',
      { interactive: { type: 'button_reply', buttonReply: { id: 'y', title: 'Yes' } } },
      { kind: 'button', id: 'y', title: 'Yes' },
    ],
    [
      'a button in snake case',
      { interactive: { type: 'button_reply', button_reply: { id: 'y', title: 'Yes' } } },
      { kind: 'button', id: 'y', title: 'Yes' },
    ],
    [
      'a list row',
      { interactive: { type: 'list_reply', listReply: { id: '1', title: 'One', description: 'x' } } },
      { kind: 'list', id: '1', title: 'One' },
    ],
    [
      'a list row in snake case',
      { interactive: { type: 'list_reply', list_reply: { id: '1', title: 'One' } } },
      { kind: 'list', id: '1', title: 'One' },
    ],
    [
      'a reply',
      { interactive: { type: 'x', reply: { id: 'y', text: 'Yes' } } },
      { kind: 'button', id: 'y', title: 'Yes' },
    ],
    ['a choice beside the content', { choice: { id: 'y', title: 'Yes' } }, { kind: 'button', id: 'y', title: 'Yes' }],
    [
      'a choice in the metadata',
      { metadata: { choice: { id: 'y', title: 'Yes' } } },
      { kind: 'button', id: 'y', title: 'Yes' },
    ],
    ['a choice without a title', { choice: { id: 'y' } }, { kind: 'button', id: 'y', title: 'y' }],
    [
      'a choice with a strange title',
      { choice: { id: 'y', title: { toString: 1 } } },
      { kind: 'button', id: 'y', title: 'y' },
    ],
    [
      'buttons that were offered',
      { interactive: { type: 'button', action: { buttons: [{ id: 'y', title: 'Yes' }] } } },
      undefined,
    ],
    ['a choice without an id', { choice: { title: 'Yes' } }, undefined],
    ['a choice that is a text', { choice: 'yes', metadata: { choice: 7 } }, undefined],
    ['a plain message', { text: 'Yes' }, undefined],
  ];
  for (const [what, parts, expected] of picked) {
    it(`sees what was picked: ${what}`, () => assert.deepEqual(choiceOf(message(parts)), expected));
  }

  const words: [string, object, string][] = [
    ['the text', { text: 'Hi', media: { url: 'u', caption: 'Look' } }, 'Hi'],
    ['an empty text', { text: '', media: { url: 'u', caption: 'Look' } }, ''],
    ['the caption', { media: { url: 'u', caption: 'Look' } }, 'Look'],
    ['what was picked', { choice: { id: 'y', title: 'Yes' } }, 'Yes'],
    ['nothing', { location: { latitude: 1, longitude: 2 } }, ''],
  ];
  for (const [what, parts, expected] of words) {
    it(`takes for its words ${what}`, () => assert.equal(wordsOf(message(parts)), expected));
  }

  it('lists its media', () => {
    const media = { url: 'u', mimeType: 'image/png', caption: 'Look' };
    assert.deepEqual(attachmentsOf(message({ contentType: 'image', media })), [{ ...media, type: 'image' }]);
    assert.deepEqual(attachmentsOf(message({ contentType: 'document', media: { ...media, type: 'video' } })), [
      { ...media, type: 'video' },
    ]);
    assert.deepEqual(attachmentsOf(message({ text: 'Hi' })), []);
  });

  it('has an answer to every message that can be decoded', () => {
    const part = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.record({ id: fc.jsonValue({ maxDepth: 1 }), title: fc.jsonValue({ maxDepth: 1 }), url: fc.string() }),
    );
    const wire = fc.record(
      {
        text: part,
        content: part,
        media: part,
        interactive: part,
        choice: part,
        metadata: fc.record({ choice: part }),
        contentType: part,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(wire, (given) => {
        const found = decode({ id: 'm', ...given });
        assert.equal(typeof wordsOf(found), 'string');
        assert.ok(Array.isArray(attachmentsOf(found)));
        const choice = choiceOf(found);
        if (choice) assert.deepEqual([typeof choice.id, typeof choice.title], ['string', 'string']);
      }),
    );
  });
});
