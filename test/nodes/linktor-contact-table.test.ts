import { strict as assert } from 'node:assert';
import { type FlowNode, type Played, setUpFlows, until } from '../support/flows';
import { asking, detailsOf, type Loose } from './sending';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-contact', config: 'account', operation: 'upsert', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];
/** Numbers of a country that has them all. */
const people = (count: number, from = 0): Loose[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `Person ${from + index}`,
    phone: `+5511${String(900_000_000 + from + index)}`,
  }));

describe('linktor-contact: a table of contacts', () => {
  const set = setUpFlows();
  const { play, control, state } = set;
  const ask = asking(set);
  const run = async ({ node: get, probe, caught }: Played, payload: unknown, more: object = {}) => {
    get('node').receive({ ...more, payload });
    return Promise.race([probe('out').first(), caught.first()]);
  };
  const names = ({ payload }: Loose) => payload.map((one: Loose | null) => one?.name ?? null);

  it('is written row by row; the results are in the order of the rows', async () => {
    const rows = [...people(12), { name: 'Ana S.', email: 'ana@example.com', phone: '' }];
    const msg = await run(await play(node()), rows, { topic: 'kept' });
    assert.deepEqual(
      names(msg),
      rows.map(({ name }) => name),
    );
    assert.deepEqual(msg.summary, { total: 13, created: 12, updated: 1, failed: [] });
    assert.deepEqual([msg.topic, (msg.payload as Loose[]).at(-1)?.phone], ['kept', '+5511999990001']);
  });

  it('goes on after a bad row, tells which it was, and shows it', async () => {
    const played = await play(node());
    const rows = [{ phone: '12' }, people(1)[0], 'Ana', null, { name: 'Nobody' }, { phone: '+5511999990001' }];
    const msg = await run(played, rows);
    assert.deepEqual(names(msg), [null, 'Person 0', null, null, null, 'Ana Souza']);
    const { total, created, updated, failed } = msg.summary as Loose;
    assert.deepEqual([total, created, updated], [6, 1, 1]);
    assert.deepEqual(
      failed.map(({ index, error }: Loose) => [index, error.code]),
      [0, 2, 3, 4].map((index) => [index, 'validation']),
    );
    assert.ok(failed.every(({ error }: Loose) => error.message && error.cause.hint));
    await until(
      async () => played.statuses.all.at(-1)?.status as Loose | undefined,
      (status) => status?.text === 'linktor.status.partly_done?done=2&failed=4' && status.fill === 'yellow',
    );
  });

  it('goes on when the server refuses a row', async () => {
    const rows = [{ name: 'Double', email: 'ana@example.com' }, ...people(1)];
    const msg = await run(await play(node({ operation: 'create' })), rows);
    assert.deepEqual(names(msg), [null, 'Person 0']);
    assert.equal((msg.summary as Loose).failed[0].error.code, 'conflict');
  });

  it('is an error when all rows fail', async () => {
    const played = await play(node());
    const { error } = await run(played, [{ phone: '12' }, { name: 'Nobody' }]);
    assert.equal(error?.code, 'validation');
    assert.match(error?.message ?? '', /^None of 2/);
    assert.deepEqual(
      detailsOf(error).failed.map(({ index }: Loose) => index),
      [0, 1],
    );
    assert.equal(played.completed.all.length, 0);
  });

  it('may be empty', async () => {
    const msg = await run(await play(node()), []);
    assert.deepEqual([msg.payload, msg.summary], [[], { total: 0, created: 0, updated: 0, failed: [] }]);
  });

  it('updates the contact that each row names', async () => {
    const rows = [
      { id: 'ct_bruno', name: 'Bruno' },
      { contactId: 'ct_carla', name: 'Carla', tags: 'x,y' },
      { name: 'Nobody' },
      { id: 'gone', name: 'Gone' },
    ];
    const msg = await run(await play(node({ operation: 'update' })), rows, { contactId: 'ct_ana' });
    assert.deepEqual(names(msg), ['Bruno', 'Carla', null, null]);
    assert.deepEqual((msg.payload as Loose[])[1]?.tags, ['x', 'y']);
    const { updated, failed } = msg.summary as Loose;
    assert.deepEqual([updated, failed.map(({ error }: Loose) => error.code)], [2, ['validation', 'not_found']]);
    assert.equal((await ask('GET', '/contacts/ct_ana')).name, 'Ana Souza');
  });

  it('gives every row what is filled in, which may be made of the row', async () => {
    const fields = {
      title: '$uppercase(payload.first)',
      titleType: 'jsonata',
      tagged: 'import',
      taggedType: 'str',
      country: 'BR',
    };
    const rows = [
      { first: 'Eva', phone: 11_999_990_008 },
      { first: 'Ivo', phone: '(11) 99999-0009' },
    ];
    const msg = await run(await play(node(fields)), rows);
    assert.deepEqual(
      (msg.payload as Loose[]).map(({ name, phone, tags }) => [name, phone, tags]),
      [
        ['EVA', '+5511999990008', ['import']],
        ['IVO', '+5511999990009', ['import']],
      ],
    );
  });

  it('makes of rows of the same person one contact, the last row having the last word', async () => {
    const [one, other] = people(2) as [Loose, Loose];
    const rows = ['A', 'B', 'C', 'D', 'E', 'F'].flatMap((name) => [
      { ...one, name },
      { ...other, name },
    ]);
    const msg = await run(await play(node()), rows);
    const { created, updated } = msg.summary as Loose;
    assert.deepEqual([created, updated], [2, 10]);
    const { data } = await ask('GET', '/contacts?search=%2B55119000');
    assert.deepEqual(
      data.map(({ name }: Loose) => name),
      ['F', 'F'],
    );
  });

  it('of a thousand: none is lost, none is doubled, and the server is asked no faster than it likes', async () => {
    const played = await play(node({ operation: 'create' }));
    await control('limit', { perMinute: 400, windowMs: 1000 });
    await control('fail', {
      count: 3,
      status: 429,
      headers: { 'Retry-After': '1' },
      method: 'POST',
      path: '/contacts',
    });
    const { payload, summary } = await run(played, people(1000));
    assert.deepEqual(summary, { total: 1000, created: 1000, updated: 0, failed: [] });
    assert.deepEqual(
      (payload as Loose[]).map(({ name }) => name),
      people(1000).map(({ name }) => name),
    );
    const counts = played.statuses.all.flatMap(({ status }) => (status as Loose).count ?? []);
    assert.ok(
      counts.length > 2 && counts.every((count, index) => index === 0 || count > counts[index - 1]),
      'no progress',
    );
    await control('limit', { perMinute: 0 });
    assert.equal((await ask('GET', '/contacts?limit=1')).pagination.total, 1003);
    assert.equal(new Set((payload as Loose[]).map(({ id }) => id)).size, 1000);
  }).timeout(30_000);

  it('leaves nothing in memory when it is done', async () => {
    const played = await play(node());
    const { node: get, probe } = played;
    const heap = () => {
      global.gc?.();
      return process.memoryUsage().heapUsed;
    };
    const again = async () => {
      const before = probe('out').all.length;
      get('node').receive({ payload: people(250) });
      await probe('out').take(before + 1);
      probe('out').all.length = 0;
    };
    await again();
    const before = heap();
    for (let round = 0; round < 4; round++) await again();
    const grown = (heap() - before) / 2 ** 20;
    assert.ok(grown < 5, `${grown.toFixed(1)} MB more`);
  }).timeout(30_000);

  it('tells what was done when the node closes in the middle', async () => {
    const played = await play(node({ operation: 'create' }));
    await control('latency', { ms: 50 });
    played.node('node').receive({ payload: people(200) });
    await until(state, ({ counts }) => Number(counts.contacts) > 5);
    await played.deploy(played.flow.filter(({ id }) => id !== 'node'));
    const { error } = await played.caught.first();
    assert.equal(error?.cause.ambiguous, true);
    assert.match(error?.message ?? '', /of 200/);
    assert.ok(detailsOf(error).failed.length > 0);
  });
});
