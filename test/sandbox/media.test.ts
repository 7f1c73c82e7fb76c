import { strict as assert } from 'node:assert';
import { type Bench, bench } from './support';

describe('sandbox: files of messages', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  after(() => box.close());

  const upload = (fields: Record<string, string>, file?: Blob, name = 'file') => {
    const form = new FormData();
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    if (file) form.append(name, file, 'a.png');
    return box.api('POST', '/media/upload', form);
  };
  const picture = new Blob(['bytes'], { type: 'image/png' });

  it('takes one, and gives it to whoever knows its address', async () => {
    const { status, body } = await upload({ type: 'image' }, picture);
    assert.equal(status, 201);
    const { id, type, url, mimeType, size, expiresAt } = body.data as Record<string, string>;
    assert.deepEqual([type, mimeType, size], ['image', 'image/png', 5]);
    assert.ok(Date.parse(expiresAt ?? '') > Date.now());
    assert.ok(url?.endsWith(`/files/${id}`));
    const fetched = await fetch(String(url));
    assert.deepEqual([fetched.headers.get('content-type'), await fetched.text()], ['image/png', 'bytes']);
  });

  it('refuses what is no file, or one of an unknown kind', async () => {
    assert.equal((await upload({ type: 'image' })).status, 400);
    assert.equal((await upload({ type: 'image' }, picture, 'picture')).status, 400);
    assert.equal((await upload({ type: 'image' }, new Blob([], { type: 'image/png' }))).status, 400);
    assert.equal((await upload({}, picture)).status, 400);
    assert.equal((await upload({ type: 'poem' }, picture)).status, 400);
    assert.equal((await upload({ type: 'image' }, new Blob(['x'], { type: 'model/stl' }))).status, 415);
    assert.equal((await box.api('POST', '/media/upload', { type: 'image' })).status, 400);
    assert.equal((await box.ask('POST', '/media/upload')).status, 401);
    assert.equal((await box.api('GET', '/media/upload')).status, 405);
  });
});
