import { strict as assert } from 'node:assert';
import path from 'node:path';
import type { AccountFacts } from '../../nodes/sidebar/types';
import { asEditor, closedPort, isFree, Program, root, Shop, until } from '../support/red';
import { storeServerPath } from '../support/store';

const demo = path.join(root, 'tools', 'demo-cluster.mjs');

interface Instance {
  url: string;
  pid: number;
}

describe('npm run demo:cluster', function () {
  this.timeout(120_000);
  let program: Program | undefined;

  before(async function () {
    // Without process groups there is no way to tell what is left of it.
    if (process.platform === 'win32' || !(await storeServerPath())) this.skip();
  });
  afterEach(() => program?.killGroup());

  it('one of three answers, another one when it is killed, and one signal ends all of them', async () => {
    const [sandboxPort, port, storePort] = [await closedPort(), await closedPort(), await closedPort()];
    const env = { SANDBOX_PORT: String(sandboxPort), PORT: String(port), STORE_PORT: String(storePort) };
    program = new Program(process.execPath, [demo], { env, group: true });
    const running = program;
    const [, chat = ''] = await running.printed(/customer:\s+(http\S+)/, 90);
    await running.printed(/Ctrl-C ends everything/);
    const instances = new Map<string, Instance>();
    for (const [, name = '', url = '', pid] of running.output.matchAll(/Node-RED (\w): +(http\S+) +\(process (\d+)\)/g))
      instances.set(name, { url, pid: Number(pid) });
    assert.deepEqual([...instances.keys()], ['A', 'B', 'C']);
    const leaders = () => [...running.output.matchAll(/^(\w) leads\.$/gm)].map(([, name = '']) => name);
    assert.deepEqual(leaders(), ['A']);

    const shop = new Shop(chat);
    const answers = async () => {
      const { sends } = (await shop.ask('GET', '/_sandbox/state')).json as { sends: unknown[] };
      return sends.length;
    };
    const conversation = await shop.customerWrites({ name: 'First Customer' }, 'When do you open on Saturday?');
    assert.match((await shop.answered(conversation)).text, /9:00 to 17:00/);
    assert.equal(await answers(), 1);

    process.kill(instances.get('A')?.pid ?? 0, 'SIGKILL');
    await running.printed(/Node-RED A ended \(SIGKILL\)/);
    const during = await shop.customerWrites({ name: 'Second Customer' }, 'How much is shipping to Rio de Janeiro?');
    const next = await until('another leader', () => leaders()[1], 25);
    assert.ok(next === 'B' || next === 'C', next);
    assert.match((await shop.answered(during)).text, /R\$ 29/);
    assert.equal(await answers(), 2);
    const other = instances.get(next === 'B' ? 'C' : 'B') as Instance;
    // What its sidebar shows.
    const { accounts } = (await (await fetch(`${other.url}/linktor/accounts`, { headers: asEditor })).json()) as {
      accounts: AccountFacts[];
    };
    assert.deepEqual(
      accounts.map(({ state, leader }) => [state, leader]),
      [['standby', next]],
    );

    running.child.kill('SIGINT');
    assert.equal(await running.ended, 0, running.output);
    await running.groupEnded();
    const ports = [chat, ...[...instances.values()].map(({ url }) => url)].map((url) => Number(new URL(url).port));
    for (const used of [...ports, storePort]) assert.ok(await isFree(used), `${used}`);
  });
});
