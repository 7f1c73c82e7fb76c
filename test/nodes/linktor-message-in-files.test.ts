import { strict as assert } from 'node:assert';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { inFastTime } from '../lib/support';
import { type FlowNode, listening, type Message, setUpFlows, until } from '../support/flows';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-message-in', config: 'account', attachments: 'download', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];

type File = { url: string; data?: Buffer; size?: number; mimeType?: string; filename?: string; error?: object };
const filesOf = (msg: Message | undefined) => msg?.attachments as File[];
const [fileOf, codeOf] = [
  (msg: Message | undefined) => filesOf(msg)[0] as File,
  (msg: Message | undefined) => (filesOf(msg)[0]?.error as { code?: string } | undefined)?.code,
];

describe('linktor-message-in, fetching files', () => {
  const setup = setUpFlows();
  const { play, control, state } = setup;
  const ready = () => listening({ state }, 2);
  const write = (media: object | undefined, text?: string) =>
    control('messages', { conversationId: 'conv_ana', text, media });

  /** Where files lie that are not ours. */
  let answer: http.RequestListener = (_request, response) => void response.end('hello');
  const requests: http.IncomingMessage[] = [];
  const host = http.createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  let files = '';
  before(async () => {
    host.listen(0, '127.0.0.1');
    await new Promise((resolve) => host.once('listening', resolve));
    files = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    requests.length = 0;
  });
  after(() => {
    host.closeAllConnections();
    host.close();
  });

  it('gives the bytes, and no credentials to somebody else', async () => {
    const bytes = Buffer.from([0, 255, 1, 254]);
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'image/png; charset=x' });
      response.end(bytes);
    };
    const { probe } = await play(node());
    await ready();
    await write({ url: `${files}/pictures/a.png`, type: 'image', caption: 'look' });
    const msg = await probe('out').first();
    const { data, size, mimeType, filename, error } = fileOf(msg);
    assert.deepEqual([data, size, mimeType, filename, error], [bytes, 4, 'image/png', 'a.png', undefined]);
    assert.equal(msg.payload, 'look');
    assert.equal(JSON.stringify(requests.map(({ headers, url }) => [headers, url])).includes('sandbox-key'), false);
  });

  it('signs in for files of our own server alone, and takes the same key nowhere that they lead to', async () => {
    answer = (_request, response) => void response.end('elsewhere');
    const { probe } = await play(node(), { account: { maxRetries: 0 } });
    await ready();
    // A customer may write any address: what the key opens is not for them to choose.
    await write({ url: `${setup.sandbox.url}/auth/me`, type: 'document' });
    assert.equal(codeOf(await probe('out').first()), 'authentication');
    const headers = { location: `${files}/b` };
    await control('fail', { count: 1, status: 302, path: '/files/a', headers });
    await write({ url: `${setup.sandbox.url}/files/a`, type: 'document' });
    const [, second] = await probe('out').take(2);
    assert.equal(String(fileOf(second).data), 'elsewhere');
    assert.equal(JSON.stringify(requests.map((one) => one.headers)).includes('sandbox-key'), false);
  });

  it('does not sign in where somebody else sends us back to', async () => {
    const back = `${setup.sandbox.url}/auth/me`;
    answer = (_request, response) => void response.writeHead(302, { location: back }).end();
    const { probe } = await play(node(), { account: { maxRetries: 0 } });
    await ready();
    await write({ url: `${files}/picture.png`, type: 'image' });
    const msg = await probe('out').first();
    assert.deepEqual([fileOf(msg).data, codeOf(msg)], [undefined, 'authentication']);
  });

  it('gives no name that would lead elsewhere when the file is stored under it', async () => {
    answer = (_request, response) => void response.end('hello');
    const { probe } = await play(node());
    await ready();
    for (const filename of ['../../etc/passwd', '..\\\\boot.ini', '..', 'bill.pdf']) {
      await write({ url: `${files}/a.png`, type: 'document', filename });
    }
    const names = (await probe('out').take(4)).map((msg) => fileOf(msg).filename);
    assert.deepEqual(names, ['passwd', 'boot.ini', 'a.png', 'bill.pdf']);
  });

  it('gives all of a large file', async () => {
    const bytes = Buffer.alloc(5_000_000, 'Linktor ');
    answer = (_request, response) => void response.end(bytes);
    const { probe } = await play(node());
    await ready();
    await write({ url: `${files}/large.bin`, type: 'document' });
    assert.ok(fileOf(await probe('out').first()).data?.equals(bytes));
  });

  it('reads a file that is in its address', async () => {
    const { probe } = await play(node());
    await ready();
    await write({ url: 'data:text/plain;base64,SGVsbG8=', type: 'document' });
    const { data, mimeType } = fileOf(await probe('out').first());
    assert.deepEqual([String(data), mimeType], ['Hello', 'text/plain']);
  });

  const failures: [string, http.RequestListener, string][] = [
    ['is not there', (_request, response) => void response.writeHead(404).end(), 'not_found'],
    ['is said to be too large', (_request, response) => void response.end(Buffer.alloc(20_000)), 'validation'],
    [
      'turns out to be too large',
      (_request, response) => {
        response.on('error', () => {});
        const more = () => response.writable && response.write(Buffer.alloc(4000), () => setImmediate(more));
        more();
      },
      'validation',
    ],
    ['breaks off', (_request, response) => void response.write('half', () => response.destroy()), 'network'],
    ['never comes', () => {}, 'timeout'],
    ['comes too slowly', (_request, response) => void response.write('half'), 'timeout'],
    ['leads in a circle', (_request, response) => void response.writeHead(302, { location: '/' }).end(), 'unexpected'],
    [
      'leads into a file',
      (_request, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'validation',
    ],
  ];
  for (const [what, how, code] of failures) {
    it(`emits the message of a file that ${what}, with the reason (${code})`, async () => {
      answer = how;
      const { probe, caught } = await play(node({ maxAttachmentMb: 0.01 }), { account: { timeout: 1, maxRetries: 0 } });
      await ready();
      await write({ url: `${files}/x?sig=canary`, type: 'document', caption: 'here' });
      const msg = await probe('out').first();
      assert.equal(msg.payload, 'here');
      assert.equal(codeOf(msg), code);
      assert.equal(fileOf(msg).data, undefined);
      assert.equal(JSON.stringify(fileOf(msg).error).includes('canary'), false);
      assert.equal(caught.all.length, 0);
    });
  }

  it('asks again for what was not there at once', async () => {
    answer = (_request, response) => void (requests.length < 2 ? response.writeHead(503).end() : response.end('now'));
    const { probe } = await play(node());
    await ready();
    await write({ url: `${files}/a`, type: 'document' });
    assert.equal(String(fileOf(await probe('out').first()).data), 'now');
  });

  it('keeps the order within a conversation, and makes no other wait', async () => {
    let finish = () => {};
    answer = (_request, response) => {
      finish = () => void response.end('late');
    };
    const { probe } = await play(node());
    await ready();
    await write({ url: `${files}/slow`, type: 'document', caption: 'first' });
    await write(undefined, 'second');
    await control('messages', { conversationId: 'conv_bruno', text: 'other' });
    assert.equal((await probe('out').first()).payload, 'other');
    await until(
      async () => requests.length,
      (count) => count === 1,
    );
    finish();
    assert.deepEqual(
      (await probe('out').take(3)).map(({ payload }) => payload),
      ['other', 'first', 'second'],
    );
  });

  it('emits what waits for its file when the node closes, and says that it has none', async () => {
    answer = () => {};
    const { probe, flow, deploy } = await play(node());
    await ready();
    await write({ url: `${files}/slow`, type: 'document', caption: 'first' });
    await write(undefined, 'second');
    await until(
      async () => requests.length,
      (count) => count === 1,
    );
    await deploy(flow.map((one) => (one.id === 'node' ? { ...one, name: 'renamed' } : one)));
    const [first, second] = await probe('out').take(2);
    assert.deepEqual([first?.payload, second?.payload], ['first', 'second']);
    assert.equal(codeOf(first), 'unexpected');
  });

  it('merges files with their words, in order', async () => {
    answer = (request, response) => void response.end(request.url);
    const { probe } = await play(node({ mergeSeconds: 60, mergeWait: 120 }));
    await ready();
    const msg = await inFastTime(async () => {
      await write({ url: `${files}/1`, type: 'document', caption: 'one' });
      await write(undefined, 'two');
      await write({ url: `${files}/3`, type: 'document' });
      return probe('out').first();
    });
    assert.equal(msg.payload, 'one\ntwo');
    assert.deepEqual(
      filesOf(msg).map(({ data }) => String(data)),
      ['/1', '/3'],
    );
  });
});
