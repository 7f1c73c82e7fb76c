// A colleague writes while an answer is on its way, in every order there is. LINKTOR_INTERLEAVINGS=1000 plays that many.
import { strict as assert } from 'node:assert';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import linktor from '../../nodes';
import type { ConfigNode } from '../../nodes/kit/account/config-node';
import type { RED } from '../../nodes/kit/red';
import { onBytesOut } from '../support/bytes-out';
import { contractUnderTest, type FlowNode, listening, type Message, setUpFlows, until } from '../support/flows';
import { send as deliver, secret } from '../support/hostile';
import { person } from '../support/person';

const COUNT = Number(process.env.LINKTOR_INTERLEAVINGS ?? 40);
const conversations = ['conv_ana', 'conv_bruno'];
const ways = contractUnderTest === 'server' ? (['poll'] as const) : (['socket', 'webhook'] as const);
/** milliseconds in which the answer comes, and the colleague writes; what is asked for is here later */
const WITHIN = { socket: [30, 30], webhook: [30, 30], poll: [500, 100] } as const;

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a colleague who writes while the AI works', function () {
  this.timeout(30_000 + COUNT * 3000);
  const setup = setUpFlows();
  let server: http.Server | undefined;
  let endTap = () => {};

  afterEach(() => {
    endTap();
    server?.closeAllConnections();
    server?.close();
  });

  async function playing(settings: Record<string, unknown>) {
    let app: http.RequestListener = () => {};
    const load = (red: RED) => {
      app = red.httpNode as never;
      linktor(red);
    };
    const nodes: FlowNode[] = [
      { id: 'in', type: 'linktor-message-in', config: 'account', conversations: 'all', wires: [[]] },
      { id: 'hook', type: 'linktor-webhook-in', config: 'account', path: '/linktor/hook', outputs: 2, wires: [[], []] },
      { id: 'plain', type: 'linktor-send', config: 'account', wires: [['sent']], ...settings },
      {
        ...{ id: 'typing', type: 'linktor-send', config: 'account', typingFirst: 'seconds', typingSeconds: 0.1 },
        ...{ wires: [['sent']], ...settings },
      },
      { id: 'sent', type: 'probe' },
    ];
    const account = { takeover: 'on' };
    const played = await setup.play(nodes, { load, account, credentials: { webhookSecret: secret } });
    server = http.createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    await listening(setup, contractUnderTest === 'server' ? 1 : conversations.length);
    return { ...played, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  /** Plays them. @returns how many answers left, how many were held back, and which left too late */
  async function interleave(way: (typeof ways)[number], count: number, settings: Record<string, unknown> = {}) {
    const { node, probe, origin, caught } = await playing(settings);
    const charge = (node('account') as unknown as ConfigNode).account?.charge();
    const realtime = (node('account') as unknown as ConfigNode).account?.realtime();
    let clock = 0;
    const left = new Map<string, number>();
    const received = new Map<string, number>();
    endTap = onBytesOut((text) => {
      // The sandbox, in the same process, repeats what it was told.
      const [, round] = /^POST [\s\S]*answer (\d+) of the bot/.exec(text) ?? [];
      if (round !== undefined) left.set(round, ++clock);
    });
    realtime?.onArrival(({ message }) => {
      const [, round] = /colleague (\d+) is here/.exec(message?.text ?? '') ?? [];
      if (round !== undefined && !received.has(round)) received.set(round, ++clock);
    }, Boolean);
    const colleague = person(setup);
    const writes = async (round: number, conversationId: string): Promise<unknown> => {
      const text = `colleague ${round} is here`;
      if (way !== 'webhook') return colleague.writes(conversationId, text);
      const message = { id: `by-hook-${round}`, conversationId, text, direction: 'outbound', senderType: 'agent' };
      const data = { conversationId, message: { ...message, contentType: 'text', content: { text } } };
      const body = JSON.stringify({ id: `e${round}`, type: 'message.sent', timestamp: new Date().toISOString(), data });
      return deliver(origin, { body });
    };
    for (let round = 0; round < count; round++) {
      const conversationId = conversations[round % conversations.length] as string;
      const kind = way !== 'poll' && round % 5 === 4 ? 'typing' : 'plain';
      const [answer, writing] = WITHIN[way];
      const answers = later(Math.random() * answer).then(() =>
        node(kind).receive({ conversationId, payload: `answer ${round} of the bot` }),
      );
      const written = later(Math.random() * writing).then(() => writes(round, conversationId));
      await Promise.all([answers, written, probe('sent').take(round + 1)]);
      await until(
        async () => received.has(String(round)),
        (is) => is,
      );
      await charge?.takeovers.settled(conversationId);
      charge?.takeovers.end(conversationId, 'hand');
    }
    assert.equal(caught.all.length, 0, JSON.stringify(caught.all[0]?.error));
    const statuses = probe('sent').all.map(({ sent }: Message) => (sent as { status: string }).status);
    const late = [...left].filter(([round, at]) => at > (received.get(round) ?? Number.POSITIVE_INFINITY));
    return { left: left.size, skipped: statuses.filter((status) => status === 'skipped').length, late };
  }

  for (const way of ways) {
    it(`${way}: the answer never leaves after the colleague's message is here (${COUNT})`, async () => {
      const { left, skipped, late } = await interleave(way, COUNT);
      assert.deepEqual(late, []);
      assert.equal(left + skipped, COUNT);
      assert.ok(left > 0 && skipped > 0, `${left} left, ${skipped} were held back`);
      if (COUNT > 100)
        console.log(`      ${way}: ${left} left before, ${skipped} were held back, ${late.length} too late`);
    });
  }

  it('is seen by this test where nobody obeys', async () => {
    const [way = 'socket'] = ways;
    const { late } = await interleave(way, 20, { obeyTakeover: false });
    assert.ok(late.length > 0);
  });
});
