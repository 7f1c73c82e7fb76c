import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Sandbox, startSandbox } from '../../sandbox';
import { KillRounds } from '../support/kill-rounds';
import { Listener, linkPackage, Red, red5, removeFolder, Shop, temporaryFolder, until } from '../support/red';

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
    let sandbox: Sandbox;
    let listener: Listener;
    let userDir: string;
    let red: Red;
    let shop: Shop;

    beforeEach(async () => {
      sandbox = await startSandbox();
      listener = await Listener.open();
      shop = new Shop(sandbox.url);
      userDir = temporaryFolder();
      linkPackage(userDir);
      red = await Red.start({ version: red5, userDir });
      await red.deploy(flowFor(sandbox, listener));
    });

    afterEach(async () => {
      await red.program.end('SIGKILL');
      await listener.close();
      await sandbox.close();
      removeFolder(userDir);
    });

    const restart = async () => {
      red = await Red.start({ version: red5, userDir });
    };
    const heardAt = (path: string) => listener.heard.flatMap((one) => (one.path === path ? [one.text] : []));
    const answers = () => heardAt('/answer');
    const says = (text: string) => shop.ask('POST', '/_sandbox/messages', { conversationId: 'conv_ana', text });

    async function ask(): Promise<void> {
      await red.inject('inject', { conversationId: 'conv_ana' });
      await until('the question', async () => {
        const { json } = await shop.ask('GET', '/_sandbox/state');
        return json.sends.length > 0;
      });
    }

    it('an orderly restart, in a file that only its owner reads', async () => {
      await ask();
      assert.ok(existsSync(path.join(userDir, 'linktor', 'account.db')));
      await red.program.end('SIGINT');
      await restart();
      await shop.heard();
      await says('4');
      await until('the answer', () => answers().length > 0);
      assert.deepEqual(answers(), ['4']);
    });

    for (const round of [1, 2, 3]) {
      it(`kill -9 while it waits, and an answer while nobody is there (${round})`, async () => {
        await ask();
        await red.program.end('SIGKILL');
        await says('7');
        await restart();
        await until('the answer', () => answers().length > 0);
        // It is not asked again, and not answered twice.
        const { json } = await shop.ask('GET', '/_sandbox/state');
        assert.equal(json.sends.length, 1);
        assert.deepEqual(answers(), ['7']);
      });

      it(`kill -9 in the moment of the answer: it comes once, or it is the one that may be lost (${round})`, async () => {
        await ask();
        const said = says('9');
        // At once, when the message has been taken, or when its answer has left.
        if (round > 1) await said;
        if (round > 2) await until('the answer', () => answers().length > 0);
        await red.program.end('SIGKILL');
        await said;
        await restart();
        await shop.heard();
        await says('11');
        // It is the answer, or it reaches the others because the question is over.
        await until('the second message', () => [...answers(), ...heardAt('/others')].includes('11'));
        assert.ok(answers().length <= 1, answers().join());
        if (round > 2) assert.deepEqual(answers(), ['9']);
      });
    }
  });

  describe('questions and forms at every step of their life', function () {
    this.timeout(240_000);

    it('survive kill -9, three times: nothing is asked or answered twice, and only what may be lost is lost', async () => {
      const sandbox = await startSandbox();
      const rounds = await KillRounds.start(sandbox);
      try {
        for (const afterMs of [0, 15, 40]) {
          await rounds.play(afterMs);
          await rounds.checkQuestions();
        }
        assert.deepEqual(rounds.report.faults, []);
      } finally {
        await rounds.end();
        await sandbox.close();
      }
    });
  });
}
