import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import helper from 'node-red-node-test-helper';
import { setUpFlows } from '../support/flows';

describe('work that is out when a deploy replaces the whole flow', () => {
  const { play } = setUpFlows();

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
});
