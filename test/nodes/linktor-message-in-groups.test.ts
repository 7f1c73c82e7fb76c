import { strict as assert } from 'node:assert';
import { inFastTime } from '../lib/support';
import { contractUnderTest, type FlowNode, listening, setUpFlows } from '../support/flows';

const conversationId = 'conv_bruno';
const group = '120363041234567890@g.us';

describe('linktor-message-in, groups', () => {
  const setup = setUpFlows();
  const { play, control } = setup;
  const write = (text: string, more: object = {}) => control('messages', { conversationId, text, ...more });
  const start = async (...settings: Record<string, unknown>[]) => {
    const nodes = settings.flatMap((more, index): FlowNode[] => [
      {
        id: `in${index}`,
        type: 'linktor-message-in',
        config: 'account',
        wires: [[`out${index}`], [`kept${index}`]],
        ...more,
      },
      { id: `out${index}`, type: 'probe' },
      { id: `kept${index}`, type: 'probe' },
    ]);
    const played = await play(nodes);
    await listening(setup);
    return played;
  };

  it('takes what is written in groups and alone, with nothing set', async () => {
    const { probe } = await start({});
    await write('in the group', { group });
    await write('alone');
    const told = (await probe('out0').take(2)).map((msg) => [msg.payload, msg.group !== undefined]);
    assert.deepEqual(told, [
      ['in the group', true],
      ['alone', false],
    ]);
  });

  it('takes only the one or the other, and says why it keeps the rest', async () => {
    const { probe } = await start({ chats: 'direct', outputs: '2' }, { chats: 'group', outputs: '2' });
    await write('in the group', { group });
    await write('alone');
    const ways = ['out0', 'kept0', 'out1', 'kept1'];
    const told = await Promise.all(ways.map((way) => probe(way).first()));
    assert.deepEqual(
      told.map(({ payload, reason }) => [payload, reason]),
      [
        ['alone', undefined],
        ['in the group', 'chat'],
        ['in the group', undefined],
        ['alone', 'chat'],
      ],
    );
    for (const way of ways) assert.equal(probe(way).all.length, 1, way);
  });

  it('tells the group, and who wrote in it', async () => {
    const { probe } = await start({});
    await write('hello', { group });
    const { group: told, sender, conversationId: id, contactId } = await probe('out0').first();
    const person = { type: 'contact', id: 'ct_bruno', name: 'Bruno Lima' };
    assert.deepEqual([id, contactId], [conversationId, 'ct_bruno']);
    // The documented API says that it is a group, and nothing else.
    const expected =
      contractUnderTest === 'server'
        ? [
            { type: 'group', id: group },
            { ...person, address: '5511999990002' },
          ]
        : [{ type: 'group' }, person];
    assert.deepEqual([told, sender], expected);
  });

  it('never merges what somebody writes in a group with what they write alone', async () => {
    const { probe } = await start({ mergeSeconds: 60, mergeWait: 120 });
    const merged = await inFastTime(async () => {
      await write('alone');
      await write('in the group', { group });
      await write('there again', { group });
      return probe('out0').take(2);
    });
    const told = merged.map((msg) => [msg.payload, msg.group !== undefined]);
    assert.deepEqual(told, [
      ['alone', false],
      ['in the group\nthere again', true],
    ]);
  });
});
