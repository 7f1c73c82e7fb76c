import { strict as assert } from 'node:assert';
import linktor from '../../nodes';
import { coreOf, examples, playable } from '../support/examples';
import { type FlowNode, setUpFlows, shownBy, until } from '../support/flows';

/** What a customer may send beside plain words. */
const contents: Record<string, Record<string, unknown>> = {
  'no text at all': { media: { url: 'http://127.0.0.1:9/b.png', type: 'image', caption: '' } },
  'a picture without words': { media: { url: 'http://127.0.0.1:9/a.png', type: 'image' } },
  'a sticker': { media: { url: 'http://127.0.0.1:9/a.webp', type: 'sticker' } },
  'a voice message': { media: { url: 'http://127.0.0.1:9/a.ogg', type: 'audio' } },
  'a document': { media: { url: 'http://127.0.0.1:9/a.pdf', type: 'document' } },
  'a place': { location: { latitude: -23.5, longitude: -46.6 } },
  'a choice': { choice: { id: 'nobody-knows', title: 'Other' } },
  'a reaction': { reaction: { messageId: 'msg_1', emoji: '👍' } },
  'a contact card': { card: { name: 'Bruno', phone: '+5511977770000' } },
  '10,000 letters': { text: 'a long story '.repeat(800) },
};
const listens = /^linktor-message-in$/;

/** Examples with an AI or with questions have conversations of their own, in tests of their own. */
const apart = /^linktor-(knowledge|ask|form)$/;
const heard = examples.filter(
  ({ nodes }) => nodes.some(({ type }) => listens.test(type)) && !nodes.some(({ type }) => apart.test(type)),
);

describe('the examples, whatever a customer sends', () => {
  const flows = setUpFlows();

  for (const example of heard) {
    it(`${example.title}: nothing unexpected`, async () => {
      const nodes: FlowNode[] = playable(example, { 'http://127.0.0.1:4010': flows.sandbox.url });
      const seen = [
        { id: 'all', type: 'linktor-message-in', config: 'account', wires: [['seen']] },
        { id: 'seen', type: 'probe' },
      ];
      const running = await flows.play([...nodes, ...seen], {
        load: [linktor, ...coreOf(nodes)],
        account: { discoverInterval: 1 },
        credentials: { webhookSecret: 'sandbox-secret' },
      });
      for (const { id } of nodes.filter(({ type }) => listens.test(type))) {
        await until(
          async () => shownBy(running.node(id)),
          (shown) => shown.includes('linktor.status.connected'),
        );
      }
      await until(flows.state, ({ sockets }) => sockets.subscriptions > 1);
      let sent = 0;
      for (const body of Object.values(contents)) {
        await flows.control('messages', { conversationId: 'conv_ana', ...body });
        sent++;
      }
      await flows.control('messages', { conversationId: 'conv_ana', text: 'the last one' });
      const problems = () =>
        running.flow
          .filter(({ id, type }) => type === 'probe' && /error|caught/.test(id))
          .flatMap(({ id }) => running.probe(id).all)
          .map(({ error }) => `${error?.code}: ${error?.message}`);
      // All have come, and no node is at work any more.
      await running.probe('seen').take(sent + 1);
      const busy = /^\d+$|status\.(asking|sending|typing)$/;
      await until(
        async () =>
          nodes
            .filter(({ config, type }) => config && !/-(ask|form)$/.test(type))
            .map(({ id }) => shownBy(running.node(id)).at(-1) ?? ''),
        (shown) => shown.every((text) => !busy.test(text)),
      );
      assert.deepEqual(
        problems().filter((problem) => !/^(not_found|not_supported|network|timeout)/.test(problem)),
        [],
      );
    });
  }
});
