import { strict as assert } from 'node:assert';
import { LinktorClient } from '../../lib/client';
import type { LinktorError } from '../../lib/errors';
import { lacking } from '../support/api-only';

describe('what is not tried with the self-hosted server', () => {
  for (const name of Object.keys(lacking)) {
    it(`is not there: ${name}`, async () => {
      const client = new LinktorClient({ contract: 'server', email: 'demo@linktor.local', password: 'sandbox' });
      const [operation = '', first = 'x'] = name.split(/[()]/);
      const path = operation.split('.');
      const method = path.pop() ?? '';
      const resource = path.reduce<unknown>((of, part) => (of as Record<string, unknown>)[part], client);
      const call = (resource as Record<string, (...given: unknown[]) => unknown>)[method];
      assert.ok(call, 'there is no such operation');
      const thrown = await (async () => {
        const result = call.call(resource, first, ['x'], 'x');
        // A stream fails with its first piece.
        const pieces = result as Partial<AsyncGenerator>;
        return typeof pieces.next === 'function' ? pieces.next() : result;
      })().then(
        () => assert.fail('it can be done'),
        (error: LinktorError) => error,
      );
      assert.equal(thrown.code, 'not_supported');
      await client.close();
    });
  }
});
