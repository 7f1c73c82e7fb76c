import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Sandbox } from '../../sandbox';
import { KillRounds } from '../support/kill-rounds';
import { type Listener, red5, until } from '../support/red';
import { Restartable } from '../support/restartable';

/** A question whose answer goes to a listener outside of Node-RED, which no kill can take along. */
function flowFor(sandbox: Sandbox, listener: Listener): object[] {
  const place = { z: 'tab', x: 100, y: 100 };
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    {
      id: 'account',
      type: 'linktor-config',
      baseUrl: sandbox.url,
      signIn: 'apiKey',
      credentials: { apiKey: 'sandbox-key' },
    },
    { id: 'in', type: 'linktor-message-in', ...place, config: 'account', conversations: 'all', wires: [['others']] },
    {
      id: 'others',
      type: 'http request',
      ...place,
      method: 'POST',
      url: `${listener.url}/others`,
      ret: 'txt',
      wires: [[]],
    },
    { id: 'inject', type: 'inject', ...place, props: [], wires: [['ask']] },
    {
      id: 'ask',
      type: 'linktor-ask',
      ...place,
      config: 'account',
      kind: 'number',
      question: 'How many?',
      questionType: 'str',
      wires: [['out'], ['out'], ['out']],
    },
    {
      id: 'out',
      type: 'http request',
      ...place,
      method: 'POST',
      url: `${listener.url}/answer`,
      ret: 'txt',
      wires: [[]],
    },
  ];
}

if (red5.red) {
  describe('a question survives', function () {
    this.timeout(120_000);
    let world: Restartable;

    beforeEach(async () => {
      world = await Restartable.start(flowFor);
    });

    afterEach(() => world.end());

    const answers = () => world.heardAt('/answer');
    const says = (text: string) => world.shop.ask('POST', '/_sandbox/messages', { conversationId: 'conv_ana', text });

    async function ask(): Promise<void> {
      await world.red.inject('inject', { conversationId: 'conv_ana' });
      await until('the question', async () => {
        const { json } = await world.shop.ask('GET', '/_sandbox/state');
        return json.sends.length > 0;
      });
    }

    it('an orderly restart, in a file that only its owner reads', async () => {
      await ask();
      assert.ok(existsSync(path.join(world.userDir, 'linktor', 'account.db')));
      await world.red.program.end('SIGINT');
      await world.restart();
      await world.shop.heard();
      await says('4');
      await until('the answer', () => answers().length > 0);
      assert.deepEqual(answers(), ['4']);
    });

    it('with the choices that were offered, and with those who answer late', async () => {
      const flow = flowFor(world.sandbox, world.listener);
      const menu = JSON.stringify([
        { title: 'Sales', id: 'sales' },
        { title: 'Support', id: 'support' },
      ]);
      const asMenu = { kind: 'choice', choices: menu, choicesType: 'json', late: 'tell' };
      const asChoice = { func: 'msg.payload = msg.choice?.id ?? "none"; return msg;', wires: [['posted']] };
      await world.red.deploy(
        flow.flatMap((node) => {
          const { id } = node as { id: string };
          if (id === 'ask') return [{ ...node, ...asMenu, timeout: 1, timeoutUnit: 's' }];
          if (id !== 'others') return [node];
          return [
            { ...node, type: 'function', ...asChoice },
            { ...node, id: 'posted' },
          ];
        }),
      );
      await ask();
      await until('the end', () => world.heardAt('/answer').length > 0);
      await world.red.program.end('SIGKILL');
      await world.restart();
      await world.shop.heard();
      await says('2');
      await until('the words for who is late', async () => {
        const { json } = await world.shop.ask('GET', '/_sandbox/state');
        return json.sends.some(({ text }: { text: string }) => text === 'This question is closed.');
      });
      // Only once; afterwards the triggers know what the number stands for.
      await says('2');
      await until('the second message', () => world.heardAt('/others').length > 0);
      assert.deepEqual(world.heardAt('/others'), ['support']);
    });

    for (const round of [1, 2, 3]) {
      it(`kill -9 while it waits, and an answer while nobody is there (${round})`, async () => {
        await ask();
        await world.red.program.end('SIGKILL');
        await says('7');
        await world.restart();
        await until('the answer', () => answers().length > 0);
        // It is not asked again, and not answered twice.
        const { json } = await world.shop.ask('GET', '/_sandbox/state');
        assert.equal(json.sends.length, 1);
        assert.deepEqual(answers(), ['7']);
      });

      it(`kill -9 in the moment of the answer: it comes once, or it is the one that may be lost (${round})`, async () => {
        await ask();
        const said = says('9');
        // At once, when the message has been taken, or when its answer has left.
        if (round > 1) await said;
        if (round > 2) await until('the answer', () => answers().length > 0);
        await world.red.program.end('SIGKILL');
        await said;
        await world.restart();
        await world.shop.heard();
        await says('11');
        // It is the answer, or it reaches the others because the question is over.
        await until('the second message', () => [...answers(), ...world.heardAt('/others')].includes('11'));
        assert.ok(answers().length <= 1, answers().join());
        if (round > 2) assert.deepEqual(answers(), ['9']);
      });
    }
  });

  describe('questions and forms at every step of their life', function () {
    this.timeout(240_000);

    it('survive kill -9, three times: nothing is asked or answered twice, and only what may be lost is lost', async () => {
      const rounds = await KillRounds.start();
      try {
        for (const afterMs of [0, 15, 40]) {
          await rounds.play(afterMs);
          await rounds.checkQuestions();
        }
        assert.deepEqual(rounds.report.faults, []);
      } finally {
        await rounds.end();
      }
    });
  });
}
