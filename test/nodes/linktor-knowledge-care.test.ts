import { strict as assert } from 'node:assert';
import { alone, contractUnderTest, setUpFlows } from '../support/flows';
import { failsWell } from './failures';

const base = 'kb_shop';
const documentId = 'doc_opening_hours';
const deed = { id: 'deed', type: 'linktor-knowledge', config: 'account', wires: [['out']] };
type Thing = { id: string; name: string; type: string; content: string; sourceUrl: string; metadata: unknown };

describe('linktor-knowledge: looking after the bases', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-knowledge');
  const add = async (msg: Record<string, unknown>, fields: Record<string, unknown> = {}) => {
    const { payload, error } = await run({ operation: 'addDocument', ...fields }, { base, ...msg });
    assert.equal(error, undefined, error?.message);
    return payload as Thing;
  };

  it('lists the bases, and says how many there are', async () => {
    const msg = await run({ operation: 'list' });
    assert.deepEqual(
      (msg.payload as Thing[]).map(({ id }) => id),
      [base],
    );
    assert.equal((msg.page as { total: number }).total, 1);
  });

  it('lists only what is searched for', async () => {
    const msg = await run({ operation: 'list', search: 'nobody', searchType: 'str' });
    assert.deepEqual(msg.payload, []);
  });

  it('gets one', async () => {
    const { payload } = await run({ operation: 'get' }, { base });
    assert.equal((payload as Thing).name, 'Xícara & Samambaia');
  });

  it('creates one from its fields', async () => {
    const fields = { title: 'Bakery', titleType: 'str', settings: '{"chunkSize": 40}', settingsType: 'json' };
    const { payload } = await run({ operation: 'create', ...fields }, { payload: 'untouched' });
    const { name, chunkSize } = payload as Record<string, unknown>;
    assert.deepEqual({ name, chunkSize }, { name: 'Bakery', chunkSize: 40 });
  });

  it('creates one from the message', async () => {
    const { payload } = await run({ operation: 'create' }, { payload: { name: 'Bakery' } });
    assert.equal((payload as Thing).name, 'Bakery');
  });

  it('creates nothing out of nothing', async () => {
    assert.equal((await run({ operation: 'create' }, { payload: 'text' })).error?.code, 'validation');
    assert.equal((await set.state()).requests.length, 0);
  });

  it('changes one from its fields, and leaves the rest', async () => {
    const fields = { operation: 'update', description: 'Of 2026', descriptionType: 'str' };
    const { payload } = await run(fields, { base, payload: 'untouched' });
    const { name, description } = payload as Record<string, unknown>;
    assert.deepEqual([name, description], ['Xícara & Samambaia', 'Of 2026']);
  });

  it('changes one from the message', async () => {
    const { payload } = await run({ operation: 'update' }, { base, payload: { name: 'Bakery' } });
    assert.equal((payload as Thing).name, 'Bakery');
  });

  it('changes nothing into nothing', async () => {
    assert.equal((await run({ operation: 'update' }, { base, payload: 'text' })).error?.code, 'validation');
    assert.equal((await set.state()).requests.length, 0);
  });

  it('deletes nothing that is not confirmed', async () => {
    assert.equal((await run({ operation: 'delete' }, { base })).error?.code, 'validation');
    assert.equal((await set.state()).requests.length, 0);
  });

  it('deletes one', async () => {
    const msg = await run({ operation: 'delete', confirm: true }, { base });
    assert.deepEqual(msg.payload, { id: base, deleted: true });
  });

  for (const operation of ['get', 'delete', 'documents', 'addDocument', 'deleteDocument']) {
    it(`${operation}: works on one base, and says so when it is given two`, async () => {
      const msg = { base: [base, 'kb_other'], documentId, payload: { name: 'a', content: 'b' } };
      const { error } = await run({ operation, confirm: true }, msg);
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', /one "base"/);
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  it('lists the documents of one', async () => {
    const msg = await run({ operation: 'documents', search: 'Dona Lourdes', searchType: 'str' }, { base });
    assert.deepEqual(
      (msg.payload as Thing[]).map(({ id }) => id),
      ['doc_contact'],
    );
  });

  it('gives all documents as a message each', async () => {
    const { node, probe } = await set.play([
      { ...deed, operation: 'documents', paging: 'each', limit: 5 },
      { id: 'out', type: 'probe' },
    ]);
    node('deed').receive({ base });
    const all = await probe('out').take(5);
    assert.equal(new Set(all.map(({ payload }) => (payload as Thing).id)).size, 5);
    assert.deepEqual(
      all.map(({ parts }) => (parts as { count?: number }).count),
      [undefined, undefined, undefined, undefined, 5],
    );
  });

  it('adds a text, which is then found', async () => {
    const { node, probe } = await set.play([
      { ...deed, operation: 'addDocument', title: 'Cakes', titleType: 'str', wires: [['added']] },
      { id: 'added', type: 'probe' },
      { id: 'ask', type: 'linktor-knowledge', config: 'account', wires: [['out']] },
      { id: 'out', type: 'probe' },
    ]);
    node('deed').receive({ base, payload: 'The moon cake costs 9 reais.' });
    const { id, name } = (await probe('added').first()).payload as Thing;
    assert.equal(name, 'Cakes');
    node('ask').receive({ base, payload: 'What does the moon cake cost?' });
    const found = (await probe('out').first()).payload as { documentId: string }[];
    assert.equal(found[0]?.documentId, id);
  });

  it('uploads a file under its own name, without the folders it lay in', async () => {
    const document = await add({
      payload: Buffer.from('# Cakes\n\nMoon cake: 9 reais.'),
      filename: '/srv/in/cakes.md',
    });
    assert.equal(document.name, 'cakes.md');
    assert.equal(document.type, contractUnderTest === 'api' ? 'markdown' : undefined);
    assert.match(document.content, /9 reais/);
  });

  it('uploads a file with what is known of it', async () => {
    const fields = {
      title: 'Prices',
      titleType: 'str',
      kind: 'txt',
      kindType: 'str',
      metadata: '{"year": 2026}',
      metadataType: 'json',
    };
    const document = await add({ payload: Buffer.from('Moon cake: 9'), filename: 'C:\\in\\prices.dat' }, fields);
    const { name, type, metadata } = document;
    assert.deepEqual({ name, type, metadata }, { name: 'Prices', type: 'txt', metadata: { year: 2026 } });
  });

  it('leaves it to the server to fetch a web address', async () => {
    const { name, sourceUrl } = await add({ payload: ' https://example.com/cakes.html\n' });
    assert.deepEqual([name, sourceUrl], Array(2).fill('https://example.com/cakes.html'));
  });

  it('takes a document in its own words, over which the fields win', async () => {
    const payload = { name: 'Cakes', content: 'Moon cake: 9 reais.', type: 'txt', metadata: { year: 2025 } };
    const document = await add({ payload }, { metadata: '{"year": 2026}', metadataType: 'json' });
    const { name, type, metadata } = document;
    assert.deepEqual({ name, type, metadata }, { name: 'Cakes', type: 'txt', metadata: { year: 2026 } });
  });

  for (const [name, msg] of [
    ['a text without a name', { payload: 'text' }],
    ['a blank text', { payload: ' \n', filename: 'a.txt' }],
    ['a file without a name', { payload: Buffer.from('text') }],
    ['a file with a folder for a name', { payload: Buffer.from('text'), filename: 'folder/' }],
    ['an empty file', { payload: Buffer.alloc(0), filename: 'a.txt' }],
    ['an object without content', { payload: { name: 'Cakes' } }],
    ['a list', { payload: ['text'], filename: 'a.txt' }],
    ['a number', { payload: 7, filename: 'a.txt' }],
    ['nothing', { filename: 'a.txt' }],
  ] as const) {
    it(`adds nothing from ${name}`, async () => {
      const { error } = await run({ operation: 'addDocument' }, { base, ...msg });
      assert.equal(error?.code, 'validation');
      assert.equal(typeof error?.cause.hint, 'string');
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  describe('a list of documents', () => {
    const list = [
      { name: 'Cakes', content: 'Moon cake: 9 reais.' },
      { filename: '/in/trips.md', content: Buffer.from('# Trips\n\nThe zeppelin leaves at nine.') },
      'https://example.com/prices.html',
    ];
    type Summary = { total: number; added: number; skipped: number; failed: { index: number }[] };

    it('is added in its order, files and addresses as well', async () => {
      const { payload, summary } = await run({ operation: 'addDocument' }, { base, payload: list, filename: 'x.txt' });
      assert.deepEqual(
        (payload as Thing[]).map(({ name }) => name),
        ['Cakes', 'trips.md', 'https://example.com/prices.html'],
      );
      assert.deepEqual(summary, { total: 3, added: 3, skipped: 0, failed: [] });
    });

    it('adds what is missing when it is sent again after an interruption', async () => {
      const { node, probe, caught } = await set.play([
        { ...deed, operation: 'addDocument' },
        { id: 'out', type: 'probe' },
      ]);
      node('deed').receive({ base, payload: list[0] });
      await probe('out').first();
      await set.control('fail', { count: 1, status: 500, method: 'POST', path: '/documents' });
      node('deed').receive({ base, payload: list });
      const { error } = await caught.first();
      assert.equal(error?.code, 'server');
      assert.match(error?.message ?? '', /1 of 3 documents are in the base/);
      assert.match(String(error?.cause.hint), /Send the same list again/);
      node('deed').receive({ base, payload: list });
      const [, again] = await probe('out').take(2);
      assert.deepEqual(again?.summary, { total: 3, added: 2, skipped: 1, failed: [] });
    });

    it('evaluates the fields for each', async () => {
      const fields = { title: 'payload.topic & " (" & payload.no & ")"', titleType: 'jsonata' };
      const rows = [1, 2].map((no) => ({ topic: 'Cake', no, content: `Cake ${no}` }));
      const { payload } = await run({ operation: 'addDocument', ...fields }, { base, payload: rows });
      assert.deepEqual(
        (payload as Thing[]).map(({ name, content }) => [name, content]),
        [
          ['Cake (1)', 'Cake 1'],
          ['Cake (2)', 'Cake 2'],
        ],
      );
    });

    it('goes on when one is refused, and says which', async () => {
      const rows = [
        list[0],
        { name: 'Empty' },
        { name: 'Scan', content: Buffer.from('%PDF'), type: 'pdf', filename: 'a.pdf' },
      ];
      const { payload, summary } = await run({ operation: 'addDocument' }, { base, payload: rows });
      assert.deepEqual(
        (payload as (Thing | null)[]).map((one) => one?.name ?? null),
        ['Cakes', null, null],
      );
      const { added, failed } = summary as Summary;
      assert.deepEqual([added, failed.map(({ index }) => index)], [1, [1, 2]]);
    });
  });

  describe('a document', () => {
    const fields = { operation: 'updateDocument' };

    it('gets a new text, and keeps the rest', async () => {
      const { payload } = await run(fields, { base, documentId, payload: 'We never close.' });
      const { id, name, content } = payload as Thing;
      assert.deepEqual([id, name, content], [documentId, 'Opening hours', 'We never close.']);
    });

    it('gets a new name, from the field or the message', async () => {
      const named = { ...fields, title: 'Hours', titleType: 'str' };
      const { payload } = await run(named, { base, documentId, payload: { name: 'Times' } });
      assert.equal((payload as Thing).name, 'Hours');
    });

    for (const [name, given] of [
      ['a file', Buffer.from('x')],
      ['a file in an object', { content: Buffer.from('x') }],
      ['nothing new', {}],
      ['a blank text', ' '],
    ] as const) {
      it(`is not changed by ${name}`, async () => {
        const { error } = await run(fields, { base, documentId, payload: given });
        assert.equal(error?.code, 'validation');
        assert.equal(typeof error?.cause.hint, 'string');
        assert.equal((await set.state()).requests.length, 0);
      });
    }
  });

  it('deletes no document without a tick', async () => {
    assert.equal((await run({ operation: 'deleteDocument' }, { base, documentId })).error?.code, 'validation');
    assert.equal((await set.state()).requests.length, 0);
  });

  it('deletes a document', async () => {
    const msg = await run({ operation: 'deleteDocument', confirm: true }, { base, documentId });
    assert.deepEqual(msg.payload, { id: documentId, deleted: true });
  });

  const payload = { name: 'Cakes', content: 'Moon cake: 9 reais.' };
  const confirmed = { confirm: true };
  failsWell(set, 'linktor-knowledge', {
    query: { msg: { base, payload: 'When do you open on Saturday?' }, kind: 'read' },
    list: { msg: {}, kind: 'read' },
    get: { msg: { base }, kind: 'read' },
    documents: { msg: { base }, kind: 'read' },
    create: { msg: { payload }, kind: 'write' },
    update: { msg: { base, payload }, kind: 'write' },
    addDocument: { msg: { base, payload }, kind: 'write' },
    updateDocument: { msg: { base, documentId, payload: 'x' }, kind: 'write' },
    deleteDocument: { msg: { base, documentId }, node: confirmed, kind: 'write' },
    delete: { msg: { base }, node: confirmed, kind: 'write' },
  });
});
