import { strict as assert } from 'node:assert';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { LinktorClient } from '../../../lib/client/index';
import { isPrivateAddress } from '../../../lib/client/private-network';
import type { LinktorError } from '../../../lib/errors';

const inside = [
  ...['127.0.0.1', '127.9.9.9', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254'],
  ...['100.64.0.1', '0.0.0.0', '::1', '[::1]', '::', 'fe80::1', 'fd00::5', '::ffff:127.0.0.1', '::ffff:10.0.0.1'],
  ...[
    '::7f00:1',
    '::127.0.0.1',
    '::ffff:0:7f00:1',
    '2001:0:7f00:1::',
    'ff02::1',
    '224.0.0.1',
    '239.255.255.255',
    '100::1',
  ],
  ...['192.0.0.192', '198.18.0.1', '198.19.255.255', '240.0.0.1', '255.255.255.255', 'fec0::1', '64:ff9b:1::a00:1'],
  ...['64:ff9b::a00:1', '64:ff9b::808:808', '2002:a00:1::', '2002:808:808::1'],
  ...['[::ffff:a00:1]', '[::ffff:7f00:1]'],
];
const outside = [
  '8.8.8.8',
  '192.0.1.1',
  '198.20.0.1',
  '172.32.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  'example.com',
  '',
];

/** Send a million chunks of one byte, as raw bytes: writing them one by one would take longer. */
function sendTiny(request: http.IncomingMessage, response: http.ServerResponse): void {
  response.on('error', () => {});
  request.socket.on('error', () => {});
  request.socket.write(
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(1_000_000)}0\r\n\r\n`,
  );
}

describe('fetching files', () => {
  const requests: string[] = [];
  const keys: unknown[] = [];
  const slow: http.ServerResponse[] = [];
  const arrivals = new EventEmitter();
  const server = http.createServer((request, response) => {
    requests.push(String(request.url));
    keys.push(request.headers['x-api-key']);
    if (request.url === '/call') return void response.end('{"answered":true}');
    if (request.url === '/files/tiny') return void sendTiny(request, response);
    if (request.url?.startsWith('/files/slow')) {
      slow.push(response);
      arrivals.emit('slow');
      return;
    }
    if (request.url?.startsWith('/files/busy')) {
      arrivals.emit('slow');
      return void response.writeHead(503, { 'retry-after': '20' }).end();
    }
    response.writeHead(200, { 'content-disposition': 'attachment; filename="../../bill.pdf"' }).end('file');
  });
  let port = 0;
  let client: LinktorClient | undefined;
  const clientOf = (baseUrl: string) => {
    client = new LinktorClient({ baseUrl, apiKey: 'key' });
    return client;
  };

  before(async () => {
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    requests.length = keys.length = slow.length = 0;
    await client?.close();
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('knows which addresses are not of the internet', () => {
    assert.deepEqual(
      [...inside, ...outside].filter((address) => isPrivateAddress(address)),
      inside,
    );
  });

  for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
    it(`fetches nothing from ${host} for a server of the internet`, async () => {
      const call = clientOf('https://203.0.113.9').download(`http://${host}:${port}/x`, 1000);
      await assert.rejects(call, ({ code, message }: LinktorError) => {
        assert.match(message, /private network/);
        return code === 'validation';
      });
      assert.deepEqual(requests, []);
    });
  }

  it('fetches nothing inside by way of a proxy either', async () => {
    const proxy = { url: `http://127.0.0.1:${port}` };
    client = new LinktorClient({ baseUrl: 'https://203.0.113.9', contract: 'api', apiKey: 'key', proxy });
    for (const host of ['localhost', '127.0.0.1']) {
      await assert.rejects(client.download(`http://${host}:${port}/x`, 1000), /private network/);
    }
    assert.deepEqual(requests, []);
    const { data } = await client.download('http://198.51.100.7/x', 1000);
    assert.equal(String(data), 'file');
  });

  it('fetches beside a server that is in a private network itself', async () => {
    const { data, filename } = await clientOf('http://10.255.255.1').download(`http://127.0.0.1:${port}/x`, 1000);
    assert.equal(String(data), 'file');
    assert.equal(filename, 'bill.pdf', 'a name never leads elsewhere');
  });

  for (const host of [
    '169.254.169.254',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '100.100.100.200',
  ]) {
    it(`never fetches from ${host}, where a cloud keeps the secrets of its machines`, async () => {
      const call = clientOf('http://10.255.255.1').download(`http://${host}/latest/meta-data`, 1000);
      await assert.rejects(call, ({ code, message }: LinktorError) => {
        assert.match(message, /private network/);
        return code === 'validation';
      });
    });
  }

  it('refuses a file in countless tiny chunks, whoever sends it', async () => {
    const before = process.memoryUsage().rss;
    const call = clientOf(`http://127.0.0.1:${port}`).download(`http://127.0.0.1:${port}/files/tiny`, 20_000_000);
    await assert.rejects(call, ({ code, message }: LinktorError) => {
      assert.match(message, /EFRAGMENTED/);
      return code === 'network';
    });
    const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
    assert.ok(grown < 100, `${grown} MB`);
  });

  it('takes a relative address for one of the server, below its path', async () => {
    await clientOf(`http://127.0.0.1:${port}/base`).download('media/7', 1000);
    assert.deepEqual(requests, ['/base/media/7']);
  });

  const ours: [path: string, withKey: boolean][] = [
    ['/files/7', true],
    ['/base/files/7', true],
    ['/base/Media/2026/11/a.png?size=2', true],
    ['/base/uploads/x', true],
    ['/base/contacts', false],
    ['/base/auth/me', false],
    ['/base/conversations/c1/messages/x.png', false],
    ['/base/files', false],
    ['/base/files/../contacts', false],
    ['/base/files/%2e%2e/contacts', false],
    ['/base/files/..%2fcontacts', false],
    ['/base/files/%252e%252e%252fcontacts', false],
    ['/base/files//../../contacts', false],
    ['/base/filesystem/7', false],
    ['/files:7', false],
  ];
  for (const [path, withKey] of ours) {
    it(`asks for ${path} ${withKey ? 'with' : 'without'} the account's key`, async () => {
      await clientOf(`http://127.0.0.1:${port}/base`).download(`http://127.0.0.1:${port}${path}`, 1000);
      assert.deepEqual(keys, [withKey ? 'key' : undefined]);
    });
  }

  for (const id of ['1234567890123456', 'AgACAgIAAxkBAAIB-_x', '']) {
    it(`says that ${JSON.stringify(id)} is no address, and asks nobody`, async () => {
      const call = clientOf(`http://127.0.0.1:${port}/base`).download(id, 1000);
      await assert.rejects(call, ({ code }: LinktorError) => code === (id === '' ? 'validation' : 'not_supported'));
      assert.deepEqual(requests, []);
    });
  }

  it('never lets the slow files of one customer keep those of others waiting', async () => {
    const own = clientOf(`http://127.0.0.1:${port}`);
    const of = (owner: string, path: string) => own.download(`http://127.0.0.1:${port}${path}`, 1000, { owner });
    const begun = Array.from({ length: 12 }, (_, index) => of('one', `/files/slow${index}`));
    begun.push(...['a', 'b', 'c'].flatMap((owner) => [of(owner, '/files/slow'), of(owner, '/files/slow')]));
    await Promise.all(['x', 'y', 'z'].map((owner) => of(owner, '/files/quick')));
    assert.ok(requests.filter((url) => /slow\d/.test(url)).length <= 2);
    const answer = setInterval(() => {
      for (const response of slow.splice(0)) response.end('late');
    }, 1);
    const files = await Promise.all(begun).finally(() => clearInterval(answer));
    assert.deepEqual(new Set(files.map(({ data }) => String(data))), new Set(['late']));
  });

  describe('that take long', () => {
    let time: SinonFakeTimers;
    let own: LinktorClient;
    beforeEach(() => {
      time = useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      own = clientOf(`http://127.0.0.1:${port}`);
    });
    afterEach(() => time.restore());

    const of = (owner: string, path: string, host = '127.0.0.1') =>
      own.download(`http://${host}:${port}${path}`, 1_000_000, { owner });
    /** Begin two files for each of so many owners. @returns what becomes of them, in their order */
    const begin = (owners: number, path: string) =>
      Array.from({ length: owners * 2 }, (_, index) =>
        of(`slow ${Math.floor(index / 2)}`, path).then(
          () => 'arrived',
          ({ code }: LinktorError) => code,
        ),
      );
    const asked = async (count: number) => {
      while (requests.filter((url) => /slow|busy/.test(url)).length < count) await once(arrivals, 'slow');
    };
    const quick = async (owner: string, host?: string) => String((await of(owner, '/files/quick', host)).data);

    for (const path of ['/files/slow', '/files/busy']) {
      it(`let those of others pass once nothing comes from ${path}`, async () => {
        begin(6, path);
        await asked(12);
        const waiting = quick('another');
        time.tick(1000);
        assert.equal(await waiting, 'file');
      });
    }

    it('let those of others pass after ten seconds, though a little comes all the time', async () => {
      begin(6, '/files/slow');
      await asked(12);
      const waiting = quick('another');
      for (let second = 0; second < 10; second++) {
        await Promise.all(
          slow.map((response) => new Promise<unknown>((done) => response.write('x'.repeat(2000), done))),
        );
        await new Promise(setImmediate);
        time.tick(1000);
      }
      assert.equal(await waiting, 'file');
    });

    it('still arrive, and their conversation waits for them', async () => {
      const files = begin(6, '/files/slow');
      await asked(12);
      time.tick(1000);
      const third = of('slow 0', '/files/quick');
      await quick('another');
      assert.equal(requests.filter((url) => url === '/files/quick').length, 1);
      for (const response of slow) response.end('late');
      assert.deepEqual(new Set(await Promise.all(files)), new Set(['arrived']));
      assert.equal(String((await third).data), 'file');
    });

    it('of one host let the files of another pass before all of them have had their turn', async () => {
      begin(40, '/files/slow');
      await asked(12);
      const waiting = quick('another', 'localhost');
      await new Promise(setImmediate);
      time.tick(1000);
      assert.equal(await waiting, 'file');
      assert.ok(requests.length < 30, `${requests.length}`);
    });

    it('are a hundred at most, then those that have been slow for longest are given up', async () => {
      const files = begin(60, '/files/slow');
      for (let turn = 1; turn <= 9; turn++) {
        await asked(turn * 12);
        time.tick(1000);
      }
      const first = await Promise.all(files.slice(0, 8));
      assert.deepEqual(new Set(first), new Set(['timeout']));
      await asked(120);
      const { body } = await own.request({ path: '/call' });
      assert.deepEqual(body, { answered: true }, 'calls have connections of their own');
      for (const response of slow) response.end('late');
      assert.deepEqual(new Set(await Promise.all(files.slice(8))), new Set(['arrived']));
    });
  });

  for (const address of ['file:///etc/passwd', 'ftp://example.com/x', 'javascript:1', 'http://', '']) {
    it(`refuses ${JSON.stringify(address)}`, async () => {
      const call = clientOf('https://203.0.113.9').download(address, 1000);
      await assert.rejects(call, ({ code }: LinktorError) => code === 'validation');
    });
  }

  it('takes no more of an address than is allowed', async () => {
    const call = clientOf('https://203.0.113.9').download(`data:,${'x'.repeat(2000)}`, 1000);
    await assert.rejects(call, ({ code }: LinktorError) => code === 'validation');
  });
});
