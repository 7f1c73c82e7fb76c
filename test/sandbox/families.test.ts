import { strict as assert } from 'node:assert';
import { type Bench, bench, type Json, rows } from './support';

describe('sandbox: what the families expect', () => {
  let box: Bench;
  afterEach(() => box.close());

  it('answers what the examples of the Rust page ask for', async () => {
    box = await bench({ family: 'rust' });
    const sent = await box.api('POST', '/conversations/conversation-id/messages', {
      text: 'Hello from Rust!',
      type: 'text',
    });
    assert.deepEqual([sent.status, typeof sent.body.id], [201, 'string']);
    const open = rows(await box.api('GET', '/conversations?limit=20&status=open'));
    assert.ok(open.length > 0 && open.every(({ contact }) => typeof (contact as Json).name === 'string'));
    const john = {
      name: 'John Doe',
      email: 'john@example.com',
      phone: '+1234567890',
      metadata: { customer_id: 'cust_123' },
    };
    assert.equal((await box.api('POST', '/contacts', john)).status, 201);
    assert.deepEqual(
      rows(await box.api('GET', '/contacts?search=john&limit=10')).map(({ name }) => name),
      ['John Doe'],
    );
    assert.equal((await box.api('GET', '/conversations/invalid-id')).status, 404);
    const question = { messages: [{ role: 'user', content: 'What is the capital of France?' }], stream: false };
    const { message } = (await box.api('POST', '/ai/completions', question)).body;
    assert.equal((message as Json).content, 'Paris');
    const query = { query: 'How do I reset my password?', topK: 5 };
    const [chunk] = (await box.api('POST', '/knowledge-bases/kb-id/query', query)).body.chunks as Json[];
    assert.match(String(chunk?.content), /^Reset your password/);
    assert.ok(Number(chunk?.score) > 0.4);
    const { data } = (await box.api('POST', '/ai/embeddings', { input: 'Hello, world!' })).body;
    const [{ embedding }] = data as [{ embedding: number[] }];
    assert.equal(embedding.length, 256);
  });

  it('keeps that out of the other families', async () => {
    box = await bench();
    const question = { messages: [{ role: 'user', content: 'What is the capital of France?' }] };
    const { message } = (await box.api('POST', '/ai/completions', question)).body;
    assert.match(String((message as Json).content), /do not know/);
    assert.equal((await box.api('GET', '/conversations/conversation-id')).status, 404);
  });

  it('has the socket of the Java SDK', async () => {
    box = await bench({ family: 'java' });
    const socket = await box.socket('', { path: '/ws/conversations', headers: { 'X-API-Key': 'sandbox-key' } });
    socket.send({ type: 'subscribe', payload: { conversationId: 'conv_ana' } });
    await socket.settled();
    await box.control('/messages', { conversationId: 'conv_ana', text: 'oi' });
    const received = await socket.frame('message.received');
    assert.deepEqual(Object.keys(received), ['type', 'data', 'timestamp']);
    assert.deepEqual([(received.data as Json).text, (received.data as Json).type], ['oi', 'text']);
    await box.api('POST', '/conversations/conv_ana/messages', { text: 'hello' });
    assert.equal(((await socket.frame('message.sent')).data as Json).text, 'hello');
    socket.send({ type: 'unsubscribe', payload: { conversationId: 'conv_ana' } });
    await socket.settled();
    await box.control('/messages', { conversationId: 'conv_ana', text: 'unheard' });
    await socket.settled();
    assert.equal(socket.frames.all.length, 2);
    await assert.rejects(box.socket('', { path: '/ws/conversations', headers: {} }), /401/);
  });

  it('ignores an offer of HTTP/2', async () => {
    box = await bench();
    const { connect } = await import('node:net');
    const socket = connect(Number(new URL(box.url).port), '127.0.0.1');
    let received = '';
    const seen = (pattern: RegExp): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (pattern.test(received)) resolve();
        };
        socket.on('data', check);
        check();
      });
    socket.on('data', (part) => {
      received += part;
    });
    const body = JSON.stringify({ text: 'olá' });
    const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n';
    const head = `Host: 127.0.0.1\r\nX-API-Key: sandbox-key\r\n${offer}`;
    socket.write(
      `POST /conversations/conv_ana/messages HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    );
    socket.write(body);
    await seen(/HTTP\/1\.1 201[\s\S]*olá/);
    received = '';
    socket.write(`GET /channels/ch_webchat HTTP/1.1\r\n${head}\r\n`);
    await seen(/HTTP\/1\.1 200[\s\S]*Website chat/);
    socket.destroy();
  });

  it('says in the body when to come back', async () => {
    box = await bench();
    await box.control('/limit', { perMinute: 1 });
    await box.api('GET', '/channels');
    const limited = await box.api('GET', '/channels');
    assert.equal(limited.status, 429);
    assert.equal(String(limited.body.retry_after), limited.headers.get('retry-after'));
    await box.control('/limit', { perMinute: 0 });
    await box.control('/fail', { count: 1, status: 429, headers: { 'Retry-After': '7' } });
    assert.equal((await box.api('GET', '/channels')).body.retry_after, 7);
  });

  it('takes an upload whose other fields are empty', async () => {
    box = await bench();
    const form = new FormData();
    form.append('file', new Blob(['We open at nine.']), 'hours.txt');
    for (const name of ['name', 'type', 'metadata']) form.append(name, '');
    const { status, body } = await box.api('POST', '/knowledge-bases/kb_shop/documents', form);
    assert.deepEqual([status, body.name, body.type, body.metadata], [201, 'hours.txt', 'txt', {}]);
  });

  const inferred: [media: Json, mimeType: string][] = [
    [{ url: 'https://a.example/x.png' }, 'image/png'],
    [{ url: 'https://a.example/x?y=1', filename: 'Contract.PDF' }, 'application/pdf'],
    [{ url: 'data:image/webp;base64,AA==' }, 'image/webp'],
    [{ url: 'https://a.example/x', type: 'audio' }, 'audio/ogg'],
    [{ url: 'https://a.example/x.unknown' }, 'application/octet-stream'],
    [{ url: 'https://a.example/x.constructor' }, 'application/octet-stream'],
    [{ url: 'https://a.example/x.png', mimeType: 'image/x-own' }, 'image/x-own'],
  ];
  for (const [media, mimeType] of inferred) {
    it(`takes ${JSON.stringify(media)} for ${mimeType}`, async () => {
      box = await bench();
      const { body } = await box.api('POST', '/conversations/conv_ana/messages', { media });
      assert.equal((body.media as Json).mimeType, mimeType);
    });
  }
});
