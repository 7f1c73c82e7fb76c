import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import helper from 'node-red-node-test-helper';
import { setUpFlows } from '../support/flows';
import { HoldingProxy } from '../support/holding-proxy';
import { asking } from './sending';

describe('work that is out when a deploy replaces the whole flow', () => {
  const flows = setUpFlows();
  const { play } = flows;
  const sandboxUrl = () => flows.sandbox.url;

  for (const [name, node] of [
    ['a write', { type: 'linktor-send' }],
    ['an AI call', { type: 'linktor-ai', model: 'm', modelType: 'str' }],
    ['a stream', { type: 'linktor-ai', model: 'm', modelType: 'str', stream: 'text' }],
  ] as const) {
    it(`is said to have ended: ${name}`, async () => {
      let leave = () => {};
      const left = new Promise<void>((resolve) => {
        leave = resolve;
      });
      const silent = createServer((request, response) => {
        if (request.method === 'POST') leave();
        else response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"success":true,"data":{}}');
      });
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address() as { port: number };
      try {
        const {
          node: get,
          flow,
          deploy,
        } = await play([{ id: 'node', config: 'account', wires: [[]], ...node }], {
          account: { baseUrl: `http://127.0.0.1:${port}`, contract: 'api' },
        });
        get('node').receive({ conversationId: 'conv_ana', payload: 'Hi' });
        await left;
        await deploy(flow, 'full');
        const said = helper.log().args.map(([{ msg }]) => String((msg as { message?: string })?.message ?? msg));
        assert.ok(
          said.some((text) => /ended by a deploy: .*may have been done/.test(text)),
          said.join('\n'),
        );
      } finally {
        silent.closeAllConnections();
        silent.close();
      }
    });
  }

  it('is told to Catch where a list has begun to leave row by row, since others wait for its end', async () => {
    await Promise.all(
      Array.from({ length: 120 }, (_, index) => asking(flows)('POST', '/contacts', { name: `Customer ${index}` })),
    );
    let pages = 0;
    const proxy = await HoldingProxy.open(sandboxUrl(), (line) => /^GET \S*\/contacts\?/.test(line) && ++pages > 1);
    try {
      const {
        node: get,
        probe,
        flow,
        deploy,
        caught,
      } = await play(
        [
          {
            ...{
              id: 'node',
              type: 'linktor-contact',
              config: 'account',
              operation: 'list',
              paging: 'each',
              limit: 500,
            },
            wires: [['out']],
          },
          { id: 'out', type: 'probe' },
        ],
        { account: { baseUrl: proxy.url, contract: 'api' } },
      );
      get('node').receive({ payload: 'x' });
      await probe('out').take(99);
      await proxy.holds(1);
      await deploy(flow.map((one) => (one.id === 'node' ? { ...one, name: 'renamed' } : one)));
      const { error, payload } = await caught.first();
      assert.deepEqual([error?.source.id, error?.code, payload], ['node', 'unexpected', 'x']);
      assert.match(error?.message ?? '', /broke off after 100 rows/);
    } finally {
      proxy.close();
    }
  });
});
