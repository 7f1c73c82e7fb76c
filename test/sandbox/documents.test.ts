import { strict as assert } from 'node:assert';
import { type Bench, bench, ids, type Json } from './support';

describe('sandbox: knowledge bases and documents', () => {
  let box: Bench;
  let base: string;
  before(async () => {
    box = await bench();
  });
  beforeEach(async () => {
    await box.control('/reset');
    const { body } = await box.api('POST', '/knowledge-bases', { name: 'Zoo', chunkSize: 12, chunkOverlap: 6 });
    base = `/knowledge-bases/${body.id}`;
  });
  after(() => box.close());
  const found = async (query: string) =>
    (await box.api('POST', `${base}/query`, { query })).body.chunks as { content: string; documentId: string }[];
  const zoo =
    'The zoo opens at eight. The lions are fed at noon. Elephants bathe every afternoon. Tickets cost ten euros.';

  it('creates an empty base, changes and deletes it', async () => {
    const { body } = await box.api('GET', base);
    assert.deepEqual([body.status, body.documentCount, body.totalChunks, body.chunkSize], ['empty', 0, 0, 12]);
    assert.deepEqual(ids(await box.api('GET', '/knowledge-bases?status=empty')), [body.id]);
    const patched = await box.api('PATCH', base, { description: 'animals', metadata: { a: 1 } });
    assert.deepEqual([patched.body.description, patched.body.metadata], ['animals', { a: 1 }]);
    await box.api('POST', `${base}/documents`, { name: 'Zoo', content: zoo });
    assert.equal((await box.api('DELETE', base)).status, 204);
    assert.equal((await box.api('GET', base)).status, 404);
    assert.equal((await box.api('POST', '/knowledge-bases', {})).status, 400);
  });

  it('adds a document as JSON, cuts it up and finds it at once', async () => {
    const { status, body } = await box.api('POST', `${base}/documents`, {
      name: 'Day',
      content: zoo,
      metadata: { lang: 'en' },
    });
    assert.deepEqual([status, body.type, body.status, body.size], [201, 'txt', 'completed', zoo.length]);
    const chunks = (await box.api('GET', `${base}/documents/${body.id}/chunks`)).body.chunks as {
      content: string;
      index: number;
    }[];
    assert.deepEqual(
      chunks.map(({ index }) => index),
      [0, 1, 2],
    );
    assert.equal(chunks[0]?.content, 'The zoo opens at eight. The lions are fed at noon.');
    assert.match(chunks[1]?.content ?? '', /^The lions are fed at noon\. Elephants/);
    assert.equal(body.chunkCount, 3);
    assert.match((await found('When are the lions fed?'))[0]?.content ?? '', /lions/);
    assert.equal((await box.api('GET', base)).body.status, 'active');
  });

  it('takes the words of the other families', async () => {
    const titled = await box.api('POST', `${base}/documents`, {
      title: 'Page',
      content: '<p>The <b>giraffe</b></p>',
      fileType: 'html',
    });
    assert.deepEqual([titled.body.name, titled.body.type], ['Page', 'html']);
    assert.match((await found('giraffe'))[0]?.content ?? '', /^The\s+giraffe/);
    const packed = { title: 'b', base64Content: Buffer.from('The penguin is quiet.').toString('base64') };
    await box.api('POST', `${base}/documents`, packed);
    assert.equal((await found('penguin'))[0]?.content, 'The penguin is quiet.');
  });

  it('takes an upload', async () => {
    const form = new FormData();
    form.set('file', new Blob(['Owls hunt at night.'], { type: 'text/markdown' }), 'owls.md');
    form.set('metadata', '{"kind":"bird"}');
    const { status, body } = await box.api('POST', `${base}/documents`, form);
    assert.deepEqual([status, body.name, body.type, body.metadata], [201, 'owls.md', 'markdown', { kind: 'bird' }]);
    assert.equal((await found('What do owls do?'))[0]?.documentId, body.id);
    form.set('metadata', 'not json');
    assert.equal((await box.api('POST', `${base}/documents`, form)).status, 400);
    form.set('metadata', '{}');
    form.set('type', 'pdf');
    assert.equal((await box.api('POST', `${base}/documents`, form)).status, 400);
    const broken = { 'Content-Type': 'multipart/form-data; boundary=x' };
    assert.equal((await box.api('POST', `${base}/documents`, '--x\r\nno end', broken)).status, 400);
    assert.equal(
      (await box.api('POST', `${base}/documents`, 'x', { 'Content-Type': 'multipart/form-data' })).status,
      400,
    );
  });

  it('changes and deletes documents, also for the search', async () => {
    const { body } = await box.api('POST', `${base}/documents`, { name: 'Day', content: zoo });
    const path = `${base}/documents/${body.id}`;
    await found('lions');
    const patched = await box.api('PATCH', path, { content: 'The tigers sleep.', metadata: { a: 1 } });
    assert.deepEqual([patched.body.content, patched.body.chunkCount], ['The tigers sleep.', 1]);
    assert.deepEqual(await found('lions'), []);
    assert.equal((await found('tigers')).length, 1);
    assert.equal((await box.api('DELETE', path)).status, 204);
    assert.deepEqual(await found('tigers'), []);
    assert.equal((await box.api('GET', path)).status, 404);
  });

  it('keeps bases apart', async () => {
    await box.api('POST', `${base}/documents`, { name: 'Day', content: zoo });
    assert.deepEqual(await found('shipping'), []);
    assert.equal((await box.api('GET', `${base}/documents/doc_shipping`)).status, 404);
  });

  it('lists documents with filters', async () => {
    const list = async (query: string) => ids(await box.api('GET', `/knowledge-bases/kb_shop/documents?${query}`));
    assert.ok((await list('')).length >= 12);
    assert.deepEqual(await list('search=Pitangueiras'), ['doc_address']);
    assert.deepEqual(await list('type=pdf'), []);
    assert.deepEqual(await list('status=failed'), []);
  });

  it('refuses documents without name or content', async () => {
    for (const bad of [{}, { name: 'x' }, { content: 'x' }, { name: 'x', content: 'y', type: 'song' }]) {
      assert.equal((await box.api('POST', `${base}/documents`, bad)).status, 400);
    }
  });

  it('reprocesses and counts', async () => {
    const { body } = await box.api('POST', `${base}/documents`, { name: 'Day', content: zoo });
    assert.equal((await box.api('POST', `${base}/documents/${body.id}/reprocess`)).body.id, body.id);
    assert.equal((await box.api('POST', `${base}/reprocess`)).body.totalChunks, 3);
    const stats = (await box.api('GET', `${base}/stats`)).body as Json & { totalTokens: number; avgChunkSize: number };
    assert.deepEqual([stats.documentCount, stats.totalChunks, stats.storageUsed], [1, 3, zoo.length]);
    assert.equal(stats.avgChunkSize, stats.totalTokens / 3);
  });
});
