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
/** Words that programs stumble over, and further kinds of content. */
const strange: Record<string, Record<string, unknown>> = {
  'invisible characters': { text: '\u200b\u2060\ufeff' },
  'an emoji': { text: '👍🏽' },
  'placeholders and variables': { text: `{{payload}} {{{msg.topic}}} $\{HOME} <%= x %> $$.payload` },
  'markup and a script': { text: '<b>*Hi*</b> [a](javascript:1) <script>x</script> & &amp;' },
  'JSON with a bad name': { text: '{"__proto__": {"answer": 1}, "payload": []}' },
  'a name that every object has': { text: 'constructor' },
  'half of a character': { text: 'Hi \ud83d' },
  'a number beyond all numbers': { text: '1e999' },
  'a command for a bot': { text: '/start@my_bot now' },
  'a text from right to left': { text: '\u202eמה שעות הפתיחה?' },
  'a row of a list': { choice: { kind: 'list', id: 'nobody-knows', title: 'Other', description: 'x' } },
  'a quick reply of a template': { choice: { kind: 'template', id: 'nobody-knows', title: 'Yes' } },
  'a picture with a long caption': {
    media: { url: 'http://127.0.0.1:9/a.png', type: 'image', caption: 'a long caption '.repeat(300) },
  },
  'a file with a name of its own': {
    media: { url: 'http://127.0.0.1:9/x', type: 'document', filename: '../../con.\u202egnp' },
  },
  'a message in a group': { text: 'Hello all', group: 'team' },
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

    for (const [of, given] of [
      ['contents', contents],
      ['strange words', strange],
    ] as const) {
      for (const example of heard) {
        it(`${example.title}: nothing unexpected of ${of}`, async () => {
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
          for (const [what, body] of Object.entries({ ...given, 'plain words': { text: 'the last one' } })) {
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
    }
  });
}
