import { strict as assert } from 'node:assert';
import { type Bench, bench, ids, type Json, rows } from './support';

describe('sandbox: paging', () => {
  let box: Bench;
  let all: unknown[];
  before(async () => {
    box = await bench();
    for (let n = 1; n <= 7; n += 1) await box.api('POST', '/conversations/conv_bruno/messages', { text: `m${n}` });
    all = ids(await get(''));
  });
  after(() => box.close());
  const get = (query: string) => box.api('GET', `/conversations/conv_bruno/messages?${query}`);
  const pagination = ({ body }: { body: Json }) => body.pagination as Json;

  it('lists messages newest first', async () => {
    const texts = rows(await get('')).map(({ text }) => text);
    assert.deepEqual(texts.slice(0, 7), ['m7', 'm6', 'm5', 'm4', 'm3', 'm2', 'm1']);
    assert.equal(texts.length, 9);
    assert.deepEqual(ids(await get('sortOrder=asc')), all.toReversed());
  });

  it('says everything about a page', async () => {
    const { nextCursor, prevCursor, ...rest } = pagination(await get('limit=4&offset=4'));
    assert.deepEqual(rest, { total: 9, limit: 4, offset: 4, page: 2, totalPages: 3, hasMore: true });
    assert.ok(nextCursor && prevCursor);
    const last = pagination(await get('limit=4&page=3'));
    assert.deepEqual([last.hasMore, last.nextCursor], [false, undefined]);
  });

  it('walks by offset, by page and by cursor to the same items', async () => {
    const byOffset = [0, 4, 8].map((offset) => get(`limit=4&offset=${offset}`));
    assert.deepEqual((await Promise.all(byOffset)).flatMap(ids), all);
    const byPage = [1, 2, 3].map((page) => get(`limit=4&page=${page}`));
    assert.deepEqual((await Promise.all(byPage)).flatMap(ids), all);
    const byCursor: unknown[] = [];
    for (let cursor: unknown = ''; cursor !== undefined; ) {
      const part = await get(`limit=4&cursor=${cursor}`);
      byCursor.push(...ids(part));
      cursor = pagination(part).nextCursor;
    }
    assert.deepEqual(byCursor, all);
  });

  it('lets a cursor win over a page, and a page over an offset', async () => {
    assert.deepEqual(ids(await get('limit=4&page=2&offset=0')), all.slice(4, 8));
    const { nextCursor } = pagination(await get('limit=2'));
    assert.deepEqual(ids(await get(`limit=2&page=4&cursor=${nextCursor}`)), all.slice(2, 4));
  });

  it('goes on behind the last item seen, although newer ones came in', async () => {
    const { nextCursor } = pagination(await get('limit=4'));
    const { body } = await box.api('POST', '/conversations/conv_bruno/messages', { text: 'newer' });
    assert.deepEqual(ids(await get(`limit=4&cursor=${nextCursor}`)), all.slice(4, 8));
    all.unshift(body.id);
  });

  it('goes back by the cursor of the page before', async () => {
    const { prevCursor } = pagination(await get('limit=3&page=2'));
    assert.deepEqual(ids(await get(`limit=3&cursor=${prevCursor}`)), all.slice(0, 3));
  });

  it('takes an id or a time for before and after', async () => {
    const [newest, second, third] = all;
    assert.deepEqual(ids(await get(`after=${third}`)), [newest, second]);
    assert.deepEqual(ids(await get(`before=${second}&limit=1`)), [third]);
    const seeded = await get('before=msg_bruno_2');
    assert.deepEqual(ids(seeded), ['msg_bruno_1']);
    const [first] = rows(seeded);
    assert.deepEqual(ids(await get(`before=${first?.createdAt}`)), []);
    assert.deepEqual(ids(await get(`after=${first?.createdAt}`)), all.slice(0, -1));
    assert.deepEqual(ids(await get('after=2099-01-01T00:00:00Z')), []);
    assert.equal((await get('after=nothing')).status, 400);
  });

  it('filters by direction', async () => {
    assert.deepEqual(ids(await get('direction=inbound')), ['msg_bruno_1']);
  });

  it('refuses numbers that make no sense, and gives at most 100', async () => {
    for (const query of ['limit=0', 'limit=x', 'page=0', 'offset=-1', 'limit=1.5', 'cursor=!']) {
      const { status, body } = await get(query);
      assert.equal(status, 400, query);
      assert.deepEqual(Object.keys(body.details as Json), [query.split('=')[0]]);
    }
    assert.equal(pagination(await get('limit=5000')).limit, 100);
  });

  it('pages every list alike', async () => {
    for (const path of ['/conversations', '/contacts', '/channels', '/knowledge-bases', '/webhooks']) {
      const { status, body } = await box.api('GET', `${path}?limit=1`);
      assert.equal(status, 200, path);
      assert.ok((body.data as unknown[]).length <= 1, path);
      assert.equal((body.pagination as Json).limit, 1, path);
    }
  });
});
