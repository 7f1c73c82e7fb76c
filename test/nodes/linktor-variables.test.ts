import { strict as assert } from 'node:assert';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import linktor from '../../nodes';
import type { RED } from '../../nodes/kit/red';
import { type FlowNode, setUpFlows } from '../support/flows';
import { secret, send } from '../support/hostile';

const variable = (name: string) => ['$', `{${name}}`].join('');
const get: FlowNode[] = [
  { id: 'get', type: 'linktor-contact', config: 'account', operation: 'get', wires: [['out']] },
  { id: 'out', type: 'probe' },
];

describe('linktor-variables: environment variables inside of addresses', () => {
  const set = setUpFlows();
  const names = ['LINKTOR_TEST_HOST', 'LINKTOR_TEST_PORT', 'LINKTOR_TEST_PATH'];
  const url = () => new URL(set.sandbox.url);

  beforeEach(() => {
    Object.assign(process.env, { LINKTOR_TEST_HOST: url().hostname, LINKTOR_TEST_PORT: url().port });
    process.env.LINKTOR_TEST_PATH = 'orders';
  });
  afterEach(() => {
    for (const name of names) delete process.env[name];
  });

  const signIn = () =>
    process.env.LINKTOR_CONTRACT === 'server' ? { contract: 'server', signIn: 'password' } : { contract: 'api' };
  const credentials = { email: 'demo@linktor.local', password: 'sandbox' };

  it('are filled in, several of them', async () => {
    const baseUrl = `http://${variable('LINKTOR_TEST_HOST')}:${variable('LINKTOR_TEST_PORT')}/`;
    const { node, probe, caught } = await set.play(get, { account: { baseUrl, ...signIn() }, credentials });
    node('get').receive({ contactId: 'ct_ana' });
    const { payload, error } = await Promise.race([probe('out').first(), caught.first()]);
    assert.equal(error, undefined, error?.message);
    assert.equal((payload as { name: string }).name, 'Ana Souza');
  });

  for (const baseUrl of [
    `http://${variable('LINKTOR_TEST_NOWHERE')}:80`,
    variable('LINKTOR_TEST_NOWHERE'),
    `http://${variable('LINKTOR_TEST_HOST')}/${variable('LINKTOR_TEST_NOWHERE')}`,
  ]) {
    it(`are named where they are not set: ${baseUrl}`, async () => {
      const { node, caught } = await set.play(get, { account: { baseUrl, ...signIn() }, credentials });
      node('get').receive({ contactId: 'ct_ana' });
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(String(error?.message), /"LINKTOR_TEST_NOWHERE".*"baseUrl"/);
    });
  }

  it('may make the path of a webhook', async () => {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const load = (red: RED) => {
      server.on('request', red.httpNode as never);
      linktor(red);
    };
    const path = `/linktor/${variable('LINKTOR_TEST_PATH')}/in`;
    const hook = { id: 'hook', type: 'linktor-webhook-in', config: 'account', path, wires: [['heard']] };
    try {
      const { probe } = await set.play([hook, { id: 'heard', type: 'probe' }], {
        load,
        credentials: { webhookSecret: secret },
      });
      const body = JSON.stringify({ id: 'e1', type: 'test.ping', timestamp: new Date().toISOString(), data: {} });
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      assert.equal(await send(origin, { body, path: '/linktor/orders/in' }), 200);
      assert.equal((await probe('heard').first()).topic, 'test.ping');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('leave texts of the author alone', async () => {
    const text = `Your code is ${variable('LINKTOR_TEST_HOST')}`;
    const say: FlowNode[] = [
      { id: 'say', type: 'linktor-send', config: 'account', text, textType: 'str', wires: [['out']] },
      { id: 'out', type: 'probe' },
    ];
    const { node, probe } = await set.play(say);
    node('say').receive({ conversationId: 'conv_ana' });
    await probe('out').first();
    assert.equal((await set.state()).sends[0]?.text, text);
  });
});
