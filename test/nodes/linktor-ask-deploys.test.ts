import { strict as assert } from 'node:assert';
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { askNode } from '../support/chat';
import { listening, type Message, setUpFlows, until } from '../support/flows';

interface Sending {
  source: { id: string };
  msg: Message;
}

const { events, hooks } = createRequire(import.meta.url)('@node-red/util') as {
  events: EventEmitter;
  hooks: { add(name: string, hook: (sendings: Sending[]) => void): void; remove(name: string): void };
};

const DEPLOYS = 20;
const ANSWERS_A_DEPLOY = 5;
const PATIENCE_MS = 30_000;
const HOOK = 'onSend.deploys';

describe('linktor-ask: while flows are deployed', () => {
  const setup = setUpFlows();
  afterEach(() => hooks.remove(HOOK));

  it('ends with the move of its node to another account, where it holds nobody up', async () => {
    const { node, flow, deploy, probe } = await setup.play(
      [
        ...askNode({ kind: 'number' }),
        { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['greeting']] },
        { id: 'greeting', type: 'probe' },
      ],
      { accounts: { other: {} } },
    );
    await listening(setup);
    node('ask').receive({ conversationId: 'conv_ana' });
    await until(setup.state, ({ sends }) => sends.length === 1);
    await deploy(flow.map((one) => (one.id === 'ask' ? { ...one, config: 'other' } : one)));
    await until(
      async () => node('account').log.args.map(([line]) => String(line)),
      (lines) => lines.some((line) => line.startsWith('1 questions had no node')),
    );
    await setup.control('messages', { conversationId: 'conv_ana', text: '5' });
    assert.equal((await probe('greeting').first()).payload, '5');
  });

  it('loses and doubles no answer, and leaves no listener behind', async function () {
    this.timeout(3 * PATIENCE_MS);
    const { node, flow, deploy, probe } = await setup.play([
      ...askNode({ kind: 'number' }),
      { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['greeting']] },
      { id: 'greeting', type: 'probe' },
    ]);
    await listening(setup);
    const answered: string[] = [];
    // What a node sends may not arrive, since Node-RED itself drops a message whose receiver a deploy has closed.
    hooks.add(HOOK, (sendings) => {
      for (const { source, msg } of sendings) if (source.id === 'ask') answered.push(String(msg.conversationId));
    });
    const says = async (text: string, to: object) =>
      String((await setup.control('messages', { text, ...to })).conversationId ?? '');
    const people: string[] = [];
    for (let index = 0; index < DEPLOYS * ANSWERS_A_DEPLOY; index++) {
      people.push(await says('Hi', { contact: { name: `Customer ${index}` } }));
      // The self-hosted server lists twenty conversations. What is heard behind a question could be its answer.
      if (people.length % 10 === 0) await probe('greeting').take(people.length);
    }
    for (const conversationId of people) node('ask').receive({ conversationId });
    await until(setup.state, ({ sends }) => sends.length === people.length, PATIENCE_MS);

    const listeners = () => events.eventNames().map((name) => events.listenerCount(name));
    const full = flow.map((one) => ({ ...one }));
    await deploy(full, 'full');
    const before = listeners();
    for (let round = 0; round < DEPLOYS; round++) {
      const now = people.slice(round * ANSWERS_A_DEPLOY, (round + 1) * ANSWERS_A_DEPLOY);
      const answers = now.map(async (conversationId, index) => {
        for (let turn = 0; turn < index * 3; turn++) await new Promise((resolve) => setImmediate(resolve));
        await says(String(index), { conversationId });
      });
      await Promise.all([deploy(full, 'full'), ...answers]);
    }
    await until(
      async () => answered.length,
      (count) => count >= people.length,
      PATIENCE_MS,
    );
    assert.deepEqual(answered.toSorted(), people.toSorted());
    assert.deepEqual(listeners(), before);
    assert.equal((await setup.state()).sends.length, people.length);
  });
});
