import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import helper from 'node-red-node-test-helper';
import { type Sandbox, startSandbox } from '../../sandbox';
import { askNode } from '../support/chat';
import { contractUnderTest, type FlowNode, type SandboxState, setUpFlows, until } from '../support/flows';
import { hasSqlite, runMochaWith, sqliteNode } from '../support/sqlite-node';
import { sendNode } from './sending';

const ana = { conversationId: 'conv_ana' };

describe('an account chosen by the message', () => {
  const { play, state } = setUpFlows();
  let other: Sandbox;

  beforeEach(async () => {
    other = await startSandbox({ contract: contractUnderTest });
  });
  afterEach(() => other.close());

  const there = async (): Promise<SandboxState> => (await fetch(`${other.url}/_sandbox/state`)).json();
  const writeThere = (text: string) =>
    fetch(`${other.url}/_sandbox/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...ana, text }),
    });
  const sent = ({ sends }: SandboxState) => sends.map(({ text }) => text);

  /** Three accounts; "Berlin" is on a server of its own. */
  const playThree = (nodes: FlowNode[], more: Record<string, unknown> = {}) =>
    play(nodes, {
      account: { name: 'Lisboa', ...more },
      accounts: { berlin: { name: 'Berlin', baseUrl: other.url, ...more }, paris: { name: 'Paris', ...more } },
    });
  const sendBy = (accounts?: string[]) => sendNode(accounts && { accounts });

  it('is named in msg.account; without it the account of the node', async () => {
    const { node, completed } = await playThree(sendBy(['berlin']));
    node('node').receive({ ...ana, payload: 'here' });
    node('node').receive({ ...ana, payload: 'here as well', account: 'Lisboa' });
    node('node').receive({ ...ana, payload: 'there', account: ' Berlin ' });
    await completed.take(3);
    assert.deepEqual(sent(await state()).sort(), ['here', 'here as well']);
    assert.deepEqual(sent(await there()), ['there']);
  });

  it('is not read from the message where a node allows none, as in every flow of 0.1.0', async () => {
    const { node, completed } = await playThree(sendBy());
    node('node').receive({ ...ana, payload: 'here', account: 'Berlin' });
    await completed.first();
    assert.deepEqual([sent(await state()), sent(await there())], [['here'], []]);
  });

  it('must be one that the node may use: the error names those, and repeats no key', async () => {
    const { node, caught } = await playThree(sendBy(['berlin']));
    for (const account of ['Paris', 'sk-canary', 7, { apiKey: 'sk-canary' }])
      node('node').receive({ ...ana, payload: 'x', account });
    for (const { error } of await caught.take(4)) {
      assert.equal(error?.code, 'validation');
      assert.match(String(error?.cause.hint), /"Lisboa", "Berlin"/);
      assert.doesNotMatch(JSON.stringify(error), /canary|Paris/);
    }
    assert.deepEqual([sent(await state()), sent(await there())], [[], []]);
  });

  it('cannot be one of two with the same name', async () => {
    const { node, caught } = await play(sendBy(['berlin']), {
      account: { name: 'Same' },
      accounts: { berlin: { name: 'Same', baseUrl: other.url } },
    });
    node('node').receive({ ...ana, payload: 'x', account: 'Same' });
    assert.match((await caught.first()).error?.message ?? '', /Two accounts .* "Same"/);
  });

  it('comes with what a trigger sends, so that an answer goes where the message came from', async () => {
    const { probe, completed } = await playThree([
      { id: 'in', type: 'linktor-message-in', config: 'berlin', wires: [['node', 'in-out']] },
      { id: 'in-out', type: 'probe' },
      ...sendBy(['berlin']),
    ]);
    await until(there, ({ sockets, requests }) => sockets.subscriptions > 0 || requests.length > 3);
    await writeThere('Guten Tag');
    assert.equal((await probe('in-out').first()).account, 'Berlin');
    await completed.take(1);
    assert.deepEqual([sent(await state()), sent(await there())], [[], ['Guten Tag']]);
  });

  it('hears the answer to a question asked in it, also after it was deployed again', async () => {
    const { node, probe, completed, flow, deploy } = await playThree(askNode({ accounts: ['berlin', 'paris'] }));
    const ask = async (count: number) => {
      node('ask').receive({ ...ana, account: 'Berlin' });
      await completed.take(count);
      await writeThere(String(count));
      const answers = await probe('answer').take(count);
      return [answers.at(-1)?.payload, answers.at(-1)?.account];
    };
    assert.deepEqual(await ask(1), ['1', 'Berlin']);
    await deploy(flow.map((one) => (one.id === 'berlin' ? { ...one, timeout: 20 } : one)));
    assert.deepEqual(await ask(2), ['2', 'Berlin']);
    assert.deepEqual(sent(await state()), []);
  });

  if (hasSqlite) {
    describe('with a durable outbox', () => {
      let userDir: string;

      beforeEach(() => {
        userDir = mkdtempSync(path.join(tmpdir(), 'linktor-accounts-'));
        helper.settings({ userDir });
      });
      afterEach(() => rmSync(userDir, { recursive: true, force: true, maxRetries: 5 }));
      after(() => helper.settings({}));

      it('sends from the outbox of each, also after one was deployed again', async () => {
        const durable = { outbox: 'durable', keepIn: 'file' };
        const { node, probe, flow, deploy } = await playThree(sendBy(['berlin', 'paris']), durable);
        node('node').receive({ ...ana, payload: 'here' });
        node('node').receive({ ...ana, payload: 'there', account: 'Berlin' });
        await probe('out').take(2);
        await deploy(flow.map((one) => (one.id === 'berlin' ? { ...one, timeout: 20 } : one)));
        node('node').receive({ ...ana, payload: 'there again', account: 'Berlin' });
        await probe('out').take(3);
        assert.deepEqual(sent(await state()), ['here']);
        assert.deepEqual(sent(await there()), ['there', 'there again']);
      });
    });
  } else {
    const node24 = sqliteNode();
    if (node24) {
      it('sends from the outbox of each, on a Node.js that has SQLite', async function () {
        this.timeout(120_000);
        const { code, passed, report } = await runMochaWith(node24, 'test/nodes/accounts.test.ts');
        assert.equal(code, 0, report);
        assert.ok(passed >= 7, report);
      });
    }
  }
});
