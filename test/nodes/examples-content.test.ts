import { strict as assert } from 'node:assert';
import linktor from '../../nodes';
import { coreOf, examples, forServer, playable } from '../support/examples';
import { type FlowNode, listening, type Message, setUpFlows, shownBy, until } from '../support/flows';

/** What a customer may send beside plain words. */
const contents: Record<string, Record<string, unknown>> = {
  'an empty text': { text: '' },
  'a blank': { text: ' ' },
  'a picture without words': { media: { url: 'http://127.0.0.1:9/a.png', type: 'image' } },
  'a picture with an empty caption': { media: { url: 'http://127.0.0.1:9/b.png', type: 'image', caption: '' } },
  'a sticker': { media: { url: 'http://127.0.0.1:9/a.webp', type: 'sticker' } },
  'a voice message': { media: { url: 'http://127.0.0.1:9/a.ogg', type: 'audio' } },
  'a film': { media: { url: 'http://127.0.0.1:9/a.mp4', type: 'video' } },
  'a document': { media: { url: 'http://127.0.0.1:9/a.pdf', type: 'document' } },
  'a place': { location: { latitude: -23.5, longitude: -46.6 } },
  'a choice': { choice: { id: 'nobody-knows', title: 'Other' } },
  'a reaction': { reaction: { messageId: 'msg_1', emoji: '👍' } },
  'a contact card': { card: { name: 'Bruno', phone: '+5511977770000' } },
  '10,000 letters': { text: 'a long story '.repeat(800) },
};
const isListener = ({ type }: { type: string }) => type === 'linktor-message-in';
const heard = examples.filter(({ nodes }) => nodes.some(isListener));
/** These leave nothing unanswered but a reaction. */
const answersAll = new Set(['Knowledge answer', 'First reply']);
/** Work that is under way. A question may wait for as long as it likes. */
const isBusy = (text: string | undefined) => /^\d+$|status\.(asking|sending|typing)$/.test(text ?? '');

for (const contract of ['api', 'server'] as const) {
  describe(`the examples, whatever a customer sends, ${contract}`, () => {
    const flows = setUpFlows({ contract });

    for (const example of heard) {
      it(`${example.title}: nothing unexpected`, async () => {
        const nodes: FlowNode[] = playable(example, { 'http://127.0.0.1:4010': flows.sandbox.url }).map((node) => ({
          ...node,
          ...(contract === 'server' && forServer[node.type]),
        }));
        const seen = [
          {
            id: 'all',
            type: 'linktor-message-in',
            config: 'account',
            content: [],
            leaveAlone: false,
            wires: [['seen']],
          },
          { id: 'seen', type: 'probe' },
        ];
        const running = await flows.play([...nodes, ...seen], {
          load: [linktor, ...coreOf(nodes)],
          account: { discoverInterval: 1 },
          credentials: { webhookSecret: 'sandbox-secret' },
        });
        await listening(flows, 2);
        const problems = () =>
          running.flow
            .filter(({ id, type }) => type === 'probe' && /error|caught/.test(id))
            .flatMap(({ id }) => running.probe(id).all)
            .flatMap(({ error }: Message) => (error ? [`${error.code}: ${error.message} (${error.source.id})`] : []));
        const rest = async () =>
          nodes.filter(({ config }) => config !== undefined).map(({ id }) => shownBy(running.node(id)).at(-1));
        let count = 0;
        let answers = 0;
        for (const [what, body] of Object.entries({ ...contents, 'plain words': { text: 'the last one' } })) {
          await flows.control('messages', { conversationId: 'conv_ana', ...body });
          await running.probe('seen').take(++count);
          await until(rest, (shown) => !shown.some(isBusy));
          assert.deepEqual(problems(), [], what);
          if (!answersAll.has(example.title) || what === 'a reaction') continue;
          answers++;
          await until(flows.state, ({ sends }) => sends.length >= answers);
        }
      });
    }
  });
}
