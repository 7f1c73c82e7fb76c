import { strict as assert } from 'node:assert';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import linktor from '../../nodes';
import type { RED } from '../../nodes/kit/red';
import { coreOf, type Example, examples, playable } from '../support/examples';
import { type FlowNode, type Message, setUpFlows, until } from '../support/flows';
import { send, sign } from '../support/hostile';

const has = (type: string) => (example: Example) => example.nodes.some((node) => node.type === type);

/** @returns the ids of our nodes that inject nodes start */
function entriesOf(nodes: readonly FlowNode[]): string[] {
  return nodes
    .filter(({ type }) => type === 'inject')
    .flatMap(({ wires }) => (wires as string[][]).flat())
    .filter((id) => nodes.find((node) => node.id === id)?.type.startsWith('linktor-'));
}

/** What a webhook may bring, by what is special about it. */
const deliveries: Record<string, Record<string, unknown>> = {
  'plain words': { contentType: 'text', text: 'Hello' },
  'an empty text': { contentType: 'text', text: '' },
  'no text': { contentType: 'text' },
  'a text of null': { contentType: 'text', text: null },
  '10,000 letters': { contentType: 'text', text: 'a long story '.repeat(800) },
  'a picture': { contentType: 'image', media: { url: 'https://files.example/a.png', mimeType: 'image/png' } },
  'a film': { contentType: 'video', media: { url: 'https://files.example/a.mp4' } },
  'a voice message': { contentType: 'audio', media: { url: 'https://files.example/a.ogg' } },
  'a document': { contentType: 'document', media: { url: 'https://files.example/a.pdf', filename: 'a.pdf' } },
  'a sticker': { contentType: 'sticker', media: { url: 'https://files.example/a.webp' } },
  'a place': { contentType: 'location', location: { latitude: -23.5, longitude: -46.6 } },
  'a contact card': { contentType: 'contact', contact: { name: 'Bruno', phone: '+5511977770000' } },
  'a choice': { contentType: 'interactive', text: 'Other', metadata: { button_id: 'nobody-knows' } },
  'a reaction': { contentType: 'reaction', text: '👍', metadata: { reaction_to: 'msg_1' } },
  'a kind that nobody knows': { contentType: 'hologram', content: { depth: 3 } },
};

/** What may enter a flow that an inject node starts. */
const payloads: Record<string, unknown> = {
  'an empty text': '',
  'a blank': ' ',
  nothing: undefined,
  null: null,
  zero: 0,
  'a number': 7,
  'no number': Number.NaN,
  true: true,
  'an empty list': [],
  'a list': ['a', 1, null],
  'an empty object': {},
  'an object': { a: { b: 1 } },
  'a date': new Date(0),
  bytes: Buffer.from([0, 255]),
  'braces and tags': '{{payload}} <b>$1</b> $HOME',
  '10,000 letters': 'a long story '.repeat(800),
};
/** Errors that tell what is wrong with what entered. */
const isExpected = (code: string) => ['validation', 'not_found', 'conflict', 'window_closed'].includes(code);

describe('the examples, whatever enters them', () => {
  const flows = setUpFlows();
  let app: http.RequestListener = () => {};
  let server: http.Server;

  before(async () => {
    server = http.createServer((request, response) => app(request, response)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function start(example: Example) {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const nodes = playable(example, { 'http://127.0.0.1:4010': flows.sandbox.url, 'http://127.0.0.1:1880': origin });
    const load = (red: RED) => {
      app = red.httpNode as never;
      linktor(red);
    };
    const running = await flows.play(nodes, {
      load: [load, ...coreOf(nodes)],
      account: { discoverInterval: 1, maxRetries: 0 },
      credentials: { webhookSecret: 'sandbox-secret' },
    });
    const probes = running.flow.filter(({ type }) => type === 'probe').map(({ id }) => running.probe(id));
    const problems = () =>
      probes.flatMap(({ all }) => all.flatMap(({ error }: Message) => (error?.code === undefined ? [] : [error])));
    return { nodes, running, origin, probes, problems };
  }

  for (const example of examples.filter(has('linktor-webhook-in'))) {
    it(`${example.title}: every delivery comes through, and nothing is unexpected`, async () => {
      const { nodes, running, origin, problems } = await start(example);
      const entry = nodes.find(({ type }) => type === 'linktor-webhook-in');
      const [[first = ''] = []] = (entry?.wires ?? []) as string[][];
      const end = first === 'lr_who' ? 'lr_told' : first;
      let count = 0;
      for (const [what, content] of Object.entries(deliveries)) {
        const message = {
          id: `m${count}`,
          conversationId: 'conv_ana',
          direction: 'inbound',
          senderType: 'contact',
          ...content,
        };
        const data = { message, conversationId: 'conv_ana', contactId: 'ct_ana' };
        const body = JSON.stringify({
          id: `d${count}`,
          type: 'message.received',
          timestamp: new Date().toISOString(),
          data,
        });
        const status = await send(origin, { path: String(entry?.path), body, signature: sign(body, 'sandbox-secret') });
        assert.equal(status, 200, what);
        await Promise.race([running.probe(end).take(++count), running.caught.first()]);
        assert.deepEqual(
          problems().map(({ code, message: words }) => `${code}: ${words}`),
          [],
          what,
        );
      }
    });
  }

  for (const example of examples.filter(({ nodes }) => entriesOf(nodes).length > 0)) {
    it(`${example.title}: what is injected ends in an answer, or in an error that names it`, async () => {
      const { nodes, running, probes, problems } = await start(example);
      const entries = entriesOf(nodes);
      const count = async () => {
        const { sends } = await flows.state();
        return sends.length + running.caught.all.length + probes.reduce((sum, { all }) => sum + all.length, 0);
      };
      for (const id of entries) {
        for (const [what, payload] of Object.entries(payloads)) {
          const before = await count();
          running.node(id).receive({ payload });
          await until(count, (now) => now > before);
          const odd = problems().filter(({ code }) => !isExpected(code));
          assert.deepEqual(
            odd.map(({ code, message }) => `${code}: ${message}`),
            [],
            `${id}: ${what}`,
          );
        }
      }
      const { sends } = await flows.state();
      for (const { text } of sends) assert.doesNotMatch(String(text), /\[object |undefined|NaN/);
    });
  }
});
