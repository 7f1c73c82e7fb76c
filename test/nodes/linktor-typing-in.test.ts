import { strict as assert } from 'node:assert';
import { inFastTime } from '../lib/support';
import { eventProbe, untilLive } from '../support/event-probe';
import { type FlowNode, type Message, setUpFlows, shownBy, until } from '../support/flows';
import { asking } from './sending';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-typing-in', config: 'account', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
  ...eventProbe,
];

describe('linktor-typing-in', () => {
  const setup = setUpFlows();
  const { control } = setup;
  const play: typeof setup.play = async (...given) => {
    const played = await setup.play(...given);
    await untilLive(setup, played);
    return played;
  };
  async function me(): Promise<{ id: string }> {
    return (await asking(setup)('GET', '/auth/me')) as { id: string };
  }
  const type = (isTyping = true, conversationId = 'conv_ana') => control('typing', { conversationId, isTyping });

  it('tells the beginning and the end, with who it is', async () => {
    const { probe, node: get } = await play(node());
    const shows = (word: string) =>
      until(
        async () => shownBy(get('node')).at(-1),
        (text) => text === `linktor.status.${word}`,
      );
    await type();
    await shows('typing');
    await type(false);
    await shows('connected');
    const [begun, ended] = (await probe('out').take(2)) as [Message, Message];
    assert.deepEqual([begun.payload, ended.payload], [true, false]);
    assert.equal(begun.conversationId, 'conv_ana');
    assert.equal(begun.topic, `${String(begun.channelType)}/conv_ana`);
    assert.deepEqual(begun.sender, { type: 'contact', name: 'Ana Souza', id: 'ct_ana' });
    assert.equal((begun.contact as { id: string }).id, 'ct_ana');
    assert.equal((begun.event as { type: string }).type, 'typing');
  });

  it('tells nothing twice while it is quiet, and again after that', async () => {
    const { probe } = await play(node({ quiet: 60 }));
    await inFastTime(async () => {
      const began = Date.now();
      while (Date.now() - began < 40_000) await type();
      await probe('out').take(1);
      while (Date.now() - began < 110_000) await new Promise(setImmediate);
      assert.equal(probe('out').all.length, 1);
      await type();
      await probe('out').take(2);
    });
  });

  it('tells only the beginning when asked', async () => {
    const { probe } = await play(node({ emit: 'start', quiet: 0 }));
    await type();
    await type(false);
    await type();
    assert.deepEqual(
      (await probe('out').take(2)).map(({ payload }) => payload),
      [true, true],
    );
  });

  it('listens where it is told to', async () => {
    const { probe } = await play(node({ conversationIds: 'conv_ana', conversationIdsType: 'str' }));
    await type(true, 'conv_bruno');
    await type(true, 'conv_ana');
    assert.equal((await probe('out').first()).conversationId, 'conv_ana');
  });

  it('listens in the channels that it is told to', async () => {
    const { probe } = await play(node({ channels: 'ch_webchat', channelsType: 'str' }));
    await type(true, 'conv_bruno');
    await type(true, 'conv_ana');
    assert.equal((await probe('out').first()).channelId, 'ch_webchat');
  });

  it('tells colleagues and customers apart, and leaves out ourselves', async () => {
    const { probe } = await play(node({ who: 'agent' }));
    const { id: us } = await me();
    for (const userId of [us, undefined, 'us_paula']) await control('typing', { conversationId: 'conv_ana', userId });
    assert.deepEqual((await probe('out').first()).sender, { type: 'agent', id: 'us_paula' });
  });
});
