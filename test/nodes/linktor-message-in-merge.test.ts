import { strict as assert } from 'node:assert';
import { inFastTime } from '../lib/support';
import { type FlowNode, listening, type Message, setUpFlows } from '../support/flows';
import { asking } from './sending';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-message-in', config: 'account', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];
/** Longer than what is written in fast time takes on any machine. */
const slow = { mergeSeconds: 60, mergeWait: 120 };
const idsOf = (msg: Message | undefined) => (msg?.merged as string[] | undefined) ?? [];

describe('linktor-message-in, merging what people write in bursts', () => {
  const setup = setUpFlows();
  const { play, control, state } = setup;
  const ready = () => listening({ state }, 2);
  const write = async (text: string, conversationId = 'conv_ana', more: object = {}) =>
    String((await control('messages', { conversationId, text, ...more })).id);

  it('makes one message of a burst: the words in lines, the files in a list, all else from the last', async () => {
    const { probe } = await play(node(slow));
    await ready();
    const media = { url: 'https://example.com/a.png', type: 'image' };
    await inFastTime(async () => {
      const ids = [await write('Hi'), await write('one question')];
      ids.push(String((await control('messages', { conversationId: 'conv_ana', media })).id));
      ids.push(await write('what is this?'));
      const msg = await probe('out').first();
      assert.equal(msg.payload, 'Hi\none question\nwhat is this?');
      assert.deepEqual(
        (msg.attachments as { url: string }[]).map(({ url }) => url),
        [media.url],
      );
      assert.deepEqual(msg.merged, ids);
      assert.equal(msg.messageId, ids.at(-1));
      await write('later');
      const [, later] = await probe('out').take(2);
      assert.equal(later?.payload, 'later');
      assert.equal(idsOf(later).length, 1);
    });
  });

  it('keeps conversations apart', async () => {
    const { probe } = await play(node(slow));
    await ready();
    const both = await inFastTime(async () => {
      await Promise.all(['1', '2', '3'].flatMap((text) => [write(text), write(text, 'conv_bruno')]));
      return probe('out').take(2);
    });
    assert.deepEqual(both.map(({ conversationId }) => conversationId).sort(), ['conv_ana', 'conv_bruno']);
    for (const msg of both) assert.equal(idsOf(msg).length, 3);
  });

  it('lets no burst grow beyond its number of messages', async () => {
    const { probe } = await play(node({ mergeSeconds: 30, mergeMax: 2 }));
    await ready();
    for (const text of ['1', '2', '3', '4']) await write(text);
    const all = await probe('out').take(2);
    assert.deepEqual(
      all.map(({ payload }) => payload),
      ['1\n2', '3\n4'],
    );
  });

  it('lets no burst last longer than it may', async () => {
    const { probe } = await play(node({ mergeSeconds: 30, mergeWait: 0.3 }));
    await ready();
    await write('1');
    assert.equal((await probe('out').first()).payload, '1');
  });

  it('leaves what was picked by itself, and in its place', async () => {
    const { probe } = await play(node({ mergeSeconds: 30 }));
    await ready();
    await write('well');
    await control('messages', { conversationId: 'conv_ana', choice: { id: 'y', title: 'Yes' } });
    const [before, picked] = await probe('out').take(2);
    assert.equal(before?.payload, 'well');
    assert.deepEqual([picked?.payload, idsOf(picked).length], ['Yes', 1]);
  });

  it('does not mix the words of two people', async () => {
    const { probe } = await play(node({ mergeSeconds: 0.3, senders: ['contact', 'agent'] }));
    await ready();
    await write('from the customer');
    await asking(setup)('POST', '/conversations/conv_ana/messages', { text: 'from us' });
    await write('again');
    const all = await probe('out').take(3);
    assert.deepEqual(
      all.map(({ payload }) => payload),
      ['from the customer', 'from us', 'again'],
    );
  });

  it('waits on while the customer is typing', async () => {
    const { probe } = await play(node(slow));
    await ready();
    await inFastTime(async () => {
      await write('let me think');
      const began = Date.now();
      while (Date.now() - began < 100_000) await control('typing', { conversationId: 'conv_ana' });
      assert.equal(probe('out').all.length, 0, 'it did not wait');
      await write('yes');
      assert.equal((await probe('out').first()).payload, 'let me think\nyes');
    });
  });

  it('loses nothing of a burst when the node closes', async () => {
    const eventProbe: FlowNode[] = [
      { id: 'eventProbe', type: 'linktor-message-in', config: 'account', wires: [['seen']] },
      { id: 'seen', type: 'probe' },
    ];
    const { probe, flow, deploy } = await play([...node({ mergeSeconds: 30, mergeWait: 60 }), ...eventProbe]);
    await ready();
    for (const text of ['1', '2']) await write(text);
    await probe('seen').take(2);
    assert.equal(probe('out').all.length, 0);
    await deploy(flow.map((one) => (one.id === 'node' ? { ...one, name: 'renamed' } : one)));
    assert.equal((await probe('out').first()).payload, '1\n2');
  });
});
