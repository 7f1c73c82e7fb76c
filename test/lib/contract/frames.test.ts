import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { frame } from '../../../lib/contract/frames';

const at = '2026-05-01T12:00:00Z';
const read = (wire: unknown) => frame(JSON.stringify(wire));

describe('contract: frames', () => {
  it('reads a message of a customer, in the fields of either SDK family', () => {
    const common = {
      id: 'msg_91',
      conversationId: 'conv_7',
      direction: 'inbound',
      senderType: 'contact',
      createdAt: at,
    };
    for (const message of [
      { ...common, contentType: 'text', content: { text: 'ola' } },
      { ...common, type: 'text', text: 'ola' },
    ]) {
      const wire = { type: 'message', conversationId: 'conv_7', message };
      const event = read(wire);
      assert.deepEqual(
        [
          event?.name,
          event?.conversationId,
          event?.messageId,
          event?.at,
          event?.message?.text,
          event?.message?.contentType,
        ],
        ['message.received', 'conv_7', 'msg_91', at, 'ola', 'text'],
      );
      assert.deepEqual(event?.original, wire);
    }
  });

  it('calls what we or a colleague wrote sent', () => {
    const event = read({
      type: 'message',
      conversationId: 'c',
      message: { id: 'm', direction: 'outbound', text: 'hi' },
    });
    assert.deepEqual([event?.name, event?.message?.conversationId], ['message.sent', 'c']);
  });

  it('reads a status', () => {
    const wire = {
      type: 'message_status',
      conversationId: 'conv_7',
      messageId: 'msg_92',
      status: 'read',
      timestamp: at,
    };
    assert.deepEqual(read(wire), {
      name: 'message.read',
      conversationId: 'conv_7',
      messageId: 'msg_92',
      status: 'read',
      at,
      original: wire,
    });
  });

  it('reads a change of a conversation, with only what has changed', () => {
    const wire = {
      type: 'conversation_update',
      conversationId: 'c',
      status: 'resolved',
      assignedTo: 'u',
      metadata: { vip: true },
    };
    assert.deepEqual(read(wire)?.changes, { status: 'resolved', assignedTo: 'u', metadata: { vip: true } });
    assert.equal(read(wire)?.name, 'conversation.updated');
    assert.deepEqual(read({ type: 'conversation_update', conversationId: 'c' })?.changes, {});
  });

  it('reads who has a conversation in the words of either SDK family, and that nobody has it any more', () => {
    const changes = (more: object) => read({ type: 'conversation_update', conversationId: 'c', ...more })?.changes;
    assert.deepEqual(changes({ assignedAgentId: 'u', priority: 'medium', tags: ['a', 7, null] }), {
      assignedTo: 'u',
      priority: 'normal',
      tags: ['a', '7'],
    });
    assert.deepEqual(Object.entries(changes({ assignedTo: null }) ?? {}), [['assignedTo', undefined]]);
  });

  it('reads typing', () => {
    const event = read({ type: 'typing', conversationId: 'c', userId: 'u', isTyping: true });
    assert.deepEqual([event?.name, event?.typing], ['typing', { userId: 'u', isTyping: true }]);
    assert.deepEqual(read({ type: 'typing', conversationId: 'c' })?.typing, { isTyping: false });
    assert.deepEqual(read({ type: 'typing', conversationId: 'c', isTyping: 'yes' })?.typing, { isTyping: false });
  });

  it('reads the frames with data of the one SDK that has them, without taking their type for that of the message', () => {
    const data = { id: 'm', conversationId: 'c', direction: 'inbound', type: 'image', media: { url: 'u' } };
    const flat = read({ type: 'message.received', data, timestamp: at });
    assert.deepEqual([flat?.name, flat?.message?.contentType, flat?.at], ['message.received', 'image', at]);
    const inner = read({ type: 'message.received', data: { conversationId: 'c', message: data } });
    assert.deepEqual([inner?.conversationId, inner?.message?.contentType], ['c', 'image']);
    const sent = read({ type: 'message.sent', data: { ...data, direction: 'outbound' } });
    assert.equal(sent?.name, 'message.sent');
    const status = read({ type: 'message.status', data: { conversationId: 'c', messageId: 'm', status: 'failed' } });
    assert.deepEqual([status?.name, status?.messageId], ['message.failed', 'm']);
    const bare = read({ type: 'message', id: 'm', conversationId: 'c', text: 'hi' });
    assert.equal(bare?.message?.contentType, 'text');
  });

  it('gives nothing for what it does not know, or cannot use', () => {
    for (const text of [
      '',
      ' ',
      'null',
      '7',
      '"message"',
      '[]',
      '[{"type":"typing"}]',
      '{',
      '{}',
      '{"type":7}',
      '\u0000',
      '{"type":"message"',
    ]) {
      assert.equal(frame(text), undefined, text);
    }
    for (const wire of [
      { type: 'pong' },
      { type: 'connected', conversationId: 'c' },
      { type: 'constructor', conversationId: 'c' },
      { type: 'message' },
      { type: 'message', conversationId: 'c', message: null },
      { type: 'message', conversationId: 'c', message: { text: 'no id' } },
      { type: 'message', message: { id: 'm', text: 'no conversation' } },
      { type: 'message_status', conversationId: 'c', messageId: 'm' },
      { type: 'message_status', conversationId: 'c', status: 'read' },
      { type: 'message_status', messageId: 'm', status: 'read' },
      { type: 'typing', isTyping: true },
      { type: 'conversation_update', status: 'open' },
    ]) {
      assert.equal(read(wire), undefined, JSON.stringify(wire));
    }
  });

  it('does not lose a message for a part of it that is junk', () => {
    const message = { id: 'm', conversationId: 'c', contact: { name: 'n', emails: [{ toString: 1 }] }, text: 'hi' };
    assert.equal(read({ type: 'message', conversationId: 'c', message })?.message?.text, 'hi');
  });

  it('drops __proto__, so that no copy of the event changes its nature', () => {
    for (const key of ['__proto__', '\\u005f_proto__']) {
      const event = frame(
        `{"type":"message","conversationId":"c","message":{"id":"m","metadata":{"${key}":{"admin":true}}}}`,
      );
      const metadata = event?.message?.metadata ?? {};
      assert.deepEqual(Object.getOwnPropertyNames(metadata), []);
      assert.equal(Object.assign({}, metadata).admin, undefined);
    }
  });

  it('never throws', () => {
    const type = fc.constantFrom('message', 'message.received', 'message_status', 'conversation_update', 'typing', 'x');
    const likely = fc
      .record(
        {
          type,
          conversationId: fc.jsonValue(),
          message: fc.jsonValue(),
          messageId: fc.jsonValue(),
          status: fc.jsonValue(),
          data: fc.jsonValue(),
          metadata: fc.jsonValue(),
        },
        { requiredKeys: ['type'] },
      )
      .map((one) => JSON.stringify(one));
    const bytes = fc.uint8Array().map((one) => Buffer.from(one).toString());
    const deep = fc.constant(
      `{"type":"typing","conversationId":"c","\\u0041":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    );
    fc.assert(
      fc.property(fc.oneof(likely, fc.json(), fc.string(), bytes, deep), (text) => {
        const event = frame(text);
        if (event) assert.equal(typeof event.conversationId, 'string');
      }),
      { numRuns: 500 },
    );
  });
});
