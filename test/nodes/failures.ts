import { strict as assert } from 'node:assert';
import type { ErrorCode } from '../../lib/errors';
import { type FlowNode, type FlowSetup, type Message, type Played, shownBy, until } from '../support/flows';

/** One operation of a node: what is stored, what it is given. */
export interface Operation {
  node?: Record<string, unknown>;
  msg: Record<string, unknown>;
  /** what its first call is: a write that is cut off is told, a read that nobody waits for is not */
  kind: 'read' | 'write';
  /** an answer that is not JSON is as good as any */
  takesText?: boolean;
}

type Operations = Record<string, Operation>;

/** What a server may do instead of answering well, and what a Catch node then gets. */
const refusals: [name: string, fault: Record<string, unknown>, code: ErrorCode][] = [
  ['401', { status: 401, body: { code: 'UNAUTHORIZED', message: 'No.' } }, 'authentication'],
  ['404', { status: 404, body: { code: 'NOT_FOUND', message: 'Gone.' } }, 'not_found'],
  ['422', { status: 422, body: { code: 'VALIDATION_ERROR', message: 'Bad.', details: { a: 1 } } }, 'validation'],
  ['500', { status: 500, body: { code: 'BROKEN', message: 'It broke.' } }, 'server'],
  ['what is not JSON', { status: 200, body: '<html>hello</html>' }, 'serialization'],
];

/**
 * Every operation of a node, through a real flow, against a server that does not do what it should.
 * @param operations by the name that is stored in `operation`
 */
export function failsWell({ play, control, state }: FlowSetup, type: string, operations: Operations): void {
  const names = Object.keys(operations);

  /** A flow with a node for each operation. */
  const flow = (): FlowNode[] => [
    ...names.map((name) => ({
      id: name,
      type,
      operation: name,
      config: 'account',
      wires: [['out']],
      ...operations[name]?.node,
    })),
    { id: 'out', type: 'probe' },
  ];
  const start = ({ node }: Played, which = names) => {
    for (const name of which) node(name).receive(structuredClone(operations[name]?.msg ?? {}));
  };
  const errors = async ({ caught }: Played, which = names) => {
    const all = await caught.take(which.length);
    return Object.fromEntries(all.map((msg: Message) => [msg.error?.source.id, msg.error]));
  };

  describe(`${type}: when things go wrong, every operation`, () => {
    for (const [name, fault, code] of refusals) {
      it(`tells ${name} to Catch as ${code}, with what to do, and never completes`, async () => {
        const played = await play(flow(), { account: { maxRetries: 0 } });
        await control('fail', { count: 10_000, ...fault });
        const which = names.filter((one) => code !== 'serialization' || !operations[one]?.takesText);
        start(played, which);
        const told = await errors(played, which);
        for (const operation of which) {
          assert.equal(told[operation]?.code, code, `${operation}: ${told[operation]?.message}`);
          assert.equal(typeof told[operation]?.cause, 'object', operation);
        }
        assert.equal(played.completed.all.length + played.probe('out').all.length, 0);
      });
    }

    it('waits as long as a 429 asks for, and then succeeds', async () => {
      const played = await play(flow());
      const limit = { status: 429, headers: { 'Retry-After': '1' }, body: { code: 'RATE_LIMITED', message: 'Slow.' } };
      // The pause is one for all of the account, so a few refusals are met by every operation.
      await control('fail', { count: 3, ...limit });
      const began = Date.now();
      start(played);
      const { completed, caught } = played;
      const settled = async () => [...completed.all, ...caught.all];
      const all = await until(settled, ({ length }) => length === names.length);
      // Those that come after the delete may find nothing any more.
      assert.deepEqual(
        all.filter(({ error }) => error && error.code !== 'not_found'),
        [],
      );
      assert.ok(completed.all.length > 0);
      assert.ok(Date.now() - began >= 950, 'it did not wait');
    });

    it('gives up after its time', async () => {
      const played = await play(flow(), { account: { maxRetries: 0, timeout: 1 } });
      await control('latency', { ms: 20_000 });
      const patient = names.filter((name) => operations[name]?.node?.timeout === undefined);
      start(played);
      const all = await played.caught.take(patient.length);
      for (const { error } of all) assert.equal(error?.code, 'timeout', error?.source.id);
    });

    it('says that nobody is there', async () => {
      const played = await play(flow(), { account: { maxRetries: 0, baseUrl: 'http://127.0.0.1:9' } });
      start(played);
      for (const [operation, error] of Object.entries<Message['error']>(await errors(played))) {
        assert.equal(error?.code, 'network', operation);
        assert.equal(error?.cause.retryable, true, operation);
      }
    });

    it('ends with a deploy: a write is told, for it may have happened, and a read is not', async () => {
      const writes = names.filter((name) => operations[name]?.kind === 'write');
      const played = await play(flow());
      await control('latency', { ms: 20_000 });
      start(played);
      await until(
        async () => names.every((name) => shownBy(played.node(name)).length > 0),
        (all) => all,
      );
      await until(state, ({ requests }) => requests.some(({ method }) => writes.length === 0 || method !== 'GET'));
      await played.deploy(played.flow.filter(({ id }) => !names.includes(id)));
      const told = (await played.caught.take(writes.length)).map(({ error }) => error);
      assert.deepEqual(told.map((error) => error?.source.id).sort(), [...writes].sort());
      // What waited for another write to the same conversation has not left.
      for (const error of told) assert.ok(error?.cause.ambiguous || error?.cause.retryable, error?.source.id);
    });
  });
}
