import { strict as assert } from 'node:assert';
import { cases, OPERATIONS, prepare } from './answer-cases';
import * as schemas from './schemas';
import { type Bench, bench, type Json } from './support';

describe('sandbox: every answer fits the types of the SDKs', () => {
  for (const family of ['union', 'rust', 'java'] as const) {
    describe(family, () => {
      const other = family !== 'union';
      let box: Bench;
      let ids: Record<string, string>;
      before(async () => {
        box = await bench({ family });
        ids = await prepare(box);
      });
      after(() => box.close());

      for (const [call, body, schema, status = 200] of cases(other, family)) {
        it(call, async () => {
          const [method = '', template = ''] = call.split(' ');
          const path = template.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? name);
          const answer = await box.api(method, path, fill(body, ids));
          assert.equal(answer.status, status, answer.text);
          if (!schema) assert.equal(answer.text, '');
          else assert.deepEqual(schemas.misfits(schema, answer.body), []);
        });
      }
    });
  }

  it('covers every operation of the TypeScript SDK', () => {
    const covered = new Set(cases(false, 'union').map(([call]) => call.replace(/\?.*$/, '').replace(/\{\w+\}/g, '*')));
    const missing = OPERATIONS.filter((operation) => !covered.has(operation));
    assert.deepEqual(missing, []);
  });

  it('fits the events of sockets and webhooks', async () => {
    const box = await bench();
    try {
      const socket = await box.socket();
      await socket.subscribe('conv_ana');
      const hook = await box.receiver();
      await box.control('/webhooks', { url: hook.url, secret: 's', scheme: 'body' });
      await box.control('/messages', { conversationId: 'conv_ana', choice: { id: 'a', title: 'A' } });
      const frame = await socket.frame('message');
      assert.deepEqual(schemas.misfits(schemas.message, frame.message), []);
      const { body } = await hook.deliveries.first(({ body: event }) => event.type === 'message.received');
      assert.deepEqual(schemas.misfits(schemas.message, (body.data as Json).message), []);
    } finally {
      await box.close();
    }
  });
});

/** Puts ids in place of `{name}` in a body. */
function fill(body: unknown, ids: Record<string, string>): unknown {
  if (body === undefined) return undefined;
  return JSON.parse(JSON.stringify(body).replace(/"\{(\w+)\}"/g, (_, name: string) => JSON.stringify(ids[name])));
}
