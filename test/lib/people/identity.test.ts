import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { useFakeTimers } from 'sinon';
import { type ClientSettings, LinktorClient } from '../../../lib/client/index';
import { Realtime } from '../../../lib/realtime/index';
import {
  type Asked,
  assertSilent,
  type Bench,
  bench,
  deadUrl,
  failing,
  json,
  KEY,
  reset,
  type Served,
  serve,
} from '../support';

const email = 'demo@linktor.local';
const password = 'sandbox';

/** A server that issues tokens `a1`, `a2`, ... with refresh tokens `r1`, `r2`, ..., and takes the newest alone. */
class House {
  issued = 0;
  expiresIn: number | undefined = 3600;
  /** how it answers the next requests for a path, instead of as usual */
  readonly instead: Record<string, ((response: ServerResponse, asked: Asked) => void)[]> = {};
  /** called before anything is answered */
  before: (asked: Asked) => Promise<void> | undefined = () => undefined;
  server: Served | undefined;

  async open(): Promise<string> {
    this.server = await serve((asked, response, request) => {
      const answer = () => {
        const special = this.instead[asked.url]?.shift();
        if (special) special(response, asked);
        else this.#answer(asked, response);
      };
      Promise.resolve(this.before(asked)).then(answer, () => reset(request));
    });
    return this.server.url;
  }

  #answer({ url, headers, body }: Asked, response: ServerResponse): void {
    const given = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
    if (url === '/auth/login') {
      if (given.email !== email || given.password !== password) return json(response, 401, { message: `No ${body}` });
      return this.#issue(response);
    }
    if (url === '/auth/refresh') {
      if (given.refreshToken !== `r${this.issued}`) return json(response, 401, { message: `No ${body}` });
      return this.#issue(response);
    }
    if (headers.authorization !== `Bearer a${this.issued}`) {
      return json(response, 401, { message: `No ${headers.authorization}` });
    }
    json(response, 200, { id: 'x' });
  }

  #issue(response: ServerResponse): void {
    const number = ++this.issued;
    json(response, 200, { accessToken: `a${number}`, refreshToken: `r${number}`, expiresIn: this.expiresIn });
  }

  /** What was asked, in order: `/auth/me a1`, with the token but not its scheme. */
  get log(): string[] {
    return (this.server?.asked ?? []).map(({ url, headers }) =>
      [url, headers.authorization?.replace('Bearer ', '')].filter(Boolean).join(' '),
    );
  }

  count(path: string): number {
    return this.log.filter((line) => line.startsWith(path)).length;
  }
}

const refuse =
  (status: number, body: unknown = {}) =>
  (response: ServerResponse): void =>
    json(response, status, body);

describe('client: who we are', () => {
  const clients: LinktorClient[] = [];
  const boxes: Bench[] = [];
  let house: House;
  let baseUrl: string;
  let restore: (() => void) | undefined;
  beforeEach(async () => {
    house = new House();
    baseUrl = await house.open();
  });
  afterEach(async () => {
    restore?.();
    restore = undefined;
    for (const client of clients.splice(0)) await client.close();
    for (const box of boxes.splice(0)) await box.close();
    await house.server?.close();
  });
  const connect = (settings: ClientSettings = {}) => {
    const client = new LinktorClient({ baseUrl, contract: 'api', email, password, ...settings });
    clients.push(client);
    return client;
  };
  /** Only the date stands still; timers of the network run. */
  const stopClock = () => {
    const clock = useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    restore = () => clock.restore();
    return clock;
  };
  /** Waits run at once. */
  const skipWaits = () => {
    const clock = useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const tick = setInterval(() => clock.tick(200), 1);
    restore = () => {
      clearInterval(tick);
      clock.restore();
    };
  };

  describe('by what we have', () => {
    const both = { email, password };
    const cases: [string, ClientSettings, Record<string, string | undefined>][] = [
      ['the key, before all else', { apiKey: 'k1', accessToken: 't1', ...both }, { 'x-api-key': 'k1' }],
      ['the token, before the password', { apiKey: '', accessToken: 't1', ...both }, { authorization: 'Bearer t1' }],
      ['the key, without what was pasted around it', { apiKey: ' k1\n' }, { 'x-api-key': 'k1' }],
      ['the token, without what was pasted around it', { accessToken: '\tt1 \r\n' }, { authorization: 'Bearer t1' }],
      ['the password, when there is nothing else', both, { authorization: 'Bearer a1' }],
      [
        'the password, when the others are blank',
        { apiKey: ' ', accessToken: '', ...both },
        { authorization: 'Bearer a1' },
      ],
    ];
    for (const [what, settings, expected] of cases) {
      it(what, async () => {
        const client = new LinktorClient({ baseUrl, contract: 'api', ...settings });
        clients.push(client);
        await client.auth.me().catch(() => {});
        const { headers } = house.server?.asked.find(({ url }) => url === '/auth/me') ?? assert.fail('not asked');
        assert.equal(headers['x-api-key'], expected['x-api-key']);
        assert.equal(headers.authorization, expected.authorization);
        assert.equal(house.count('/auth/login'), expected.authorization === 'Bearer a1' ? 1 : 0);
      });
    }

    it('is needed', async () => {
      for (const settings of [{}, { email }, { password }, { email: ' ', password }, { email, password: '' }]) {
        const error = await failing(() => new LinktorClient({ baseUrl, contract: 'api', ...settings }));
        assert.equal(error.code, 'validation');
        assertSilent(error, [password]);
      }
    });

    it('stays what it was: a key or token that is refused is not renewed', async () => {
      for (const settings of [{ apiKey: 'k1' }, { accessToken: 't1' }]) {
        const client = new LinktorClient({ baseUrl, contract: 'api', ...settings });
        clients.push(client);
        assert.equal((await failing(client.auth.me())).code, 'authentication');
      }
      assert.deepEqual(house.log, ['/auth/me', '/auth/me t1']);
    });
  });

  describe('by e-mail and password', () => {
    it('signs in when it is needed, once for all who need it', async () => {
      const client = connect();
      assert.deepEqual(house.log, []);
      await Promise.all(Array.from({ length: 50 }, () => client.auth.me()));
      assert.equal(house.count('/auth/login'), 1);
      assert.equal(house.count('/auth/me a1'), 50);
      const login = house.server?.asked[0];
      assert.deepEqual(JSON.parse(login?.body ?? ''), { email, password });
      assert.equal(login?.headers.authorization, undefined);
    });

    it('works against the sandbox, with the socket and signing out', async () => {
      const box = await bench({ receipts: 'manual' });
      boxes.push(box);
      const client = box.client({ apiKey: undefined, email: ` ${email} `, password });
      assert.equal((await client.auth.me()).email, email);
      await client.conversations.sendText('conv_ana', 'x');
      const address = new URL(await client.realtime.url());
      assert.match(String(address.searchParams.get('token')), /^at_/);
      await client.close();
      const { requests } = await box.state();
      assert.deepEqual(
        requests.map(({ path, status }) => `${path} ${status}`),
        ['/auth/me 401', '/auth/login 200', '/auth/me 200', '/conversations/conv_ana/messages 201', '/auth/logout 204'],
      );
    });

    it('understands a session of any family', async () => {
      const bodies = [
        { accessToken: 'a1', expiresIn: 60, tokenType: 'Bearer', user: { id: 'u' } },
        { success: true, data: { accessToken: 'a1', user: null } },
        { data: { id: 'u', type: 'user', attributes: {} }, meta: { accessToken: 'a1', expiresIn: 3600 } },
        { token: 'a1', user: { id: 'u', email, role: 'admin' } },
      ];
      for (const body of bodies) {
        house.issued = 1;
        house.instead['/auth/login'] = [refuse(200, body)];
        await connect().auth.me();
      }
      house.instead['/auth/login'] = [refuse(200, { user: { id: 'u' } })];
      assert.equal((await failing(connect().auth.me())).code, 'serialization');
    });

    it('needs no refresh token and no end', async () => {
      house.instead['/auth/login'] = [refuse(200, { accessToken: 'a1' }), refuse(200, { accessToken: 'a2' })];
      house.issued = 1;
      const clock = stopClock();
      const client = connect();
      await client.auth.me();
      clock.tick(365 * 24 * 3_600_000);
      await client.auth.me();
      assert.deepEqual(house.log, ['/auth/login', '/auth/me a1', '/auth/me a1']);
      house.issued = 2;
      await client.auth.me();
      assert.deepEqual(house.log.slice(3), ['/auth/me a1', '/auth/login', '/auth/me a2']);
    });
  });

  describe('a session that ends', () => {
    it('is renewed a minute before, with both tokens', async () => {
      const clock = stopClock();
      const client = connect();
      await client.auth.me();
      clock.tick(3600_000 - 60_000 - 1);
      await client.auth.me();
      assert.equal(house.issued, 1);
      clock.tick(1);
      await Promise.all(Array.from({ length: 20 }, () => client.auth.me()));
      assert.deepEqual([house.issued, house.count('/auth/refresh'), house.count('/auth/login')], [2, 1, 1]);
      assert.equal(house.count('/auth/me a2'), 20);
      // The second refresh token is another one; the first would be refused.
      clock.tick(3600_000);
      await client.auth.me();
      assert.deepEqual([house.issued, house.count('/auth/refresh'), house.count('/auth/login')], [3, 2, 1]);
      const sent = house.server?.asked.filter(({ url }) => url === '/auth/refresh').map(({ body }) => JSON.parse(body));
      assert.deepEqual(sent, [{ refreshToken: 'r1' }, { refreshToken: 'r2' }]);
    });

    it('is renewed after nine tenths of a short life', async () => {
      house.expiresIn = 10;
      const clock = stopClock();
      const client = connect();
      await client.auth.me();
      clock.tick(8_999);
      await client.auth.me();
      assert.equal(house.issued, 1);
      clock.tick(1);
      await client.auth.me();
      assert.equal(house.issued, 2);
    });

    it('keeps its refresh token when the server sends no other', async () => {
      const clock = stopClock();
      const client = connect();
      await client.auth.me();
      for (const number of [2, 3]) {
        house.instead['/auth/refresh'] = [
          (response) => {
            house.issued = number;
            json(response, 200, { accessToken: `a${number}`, expiresIn: 3600 });
          },
        ];
        clock.tick(3600_000);
        await client.auth.me();
      }
      const sent = house.server?.asked.filter(({ url }) => url === '/auth/refresh').map(({ body }) => JSON.parse(body));
      assert.deepEqual(sent, [{ refreshToken: 'r1' }, { refreshToken: 'r1' }]);
    });

    for (const status of [400, 401, 403, 404]) {
      it(`signs in anew when refreshing is answered ${status}`, async () => {
        const clock = stopClock();
        const client = connect();
        await client.auth.me();
        house.instead['/auth/refresh'] = [refuse(status)];
        clock.tick(3600_000);
        await Promise.all([client.auth.me(), client.auth.me()]);
        assert.deepEqual(house.log.slice(2), ['/auth/refresh', '/auth/login', '/auth/me a2', '/auth/me a2']);
      });
    }

    it('is over for the socket as well: its address has the fresh token', async () => {
      const clock = stopClock();
      const client = connect();
      const token = async () => new URL(await client.realtime.url()).searchParams.get('token');
      assert.equal(await token(), 'a1');
      assert.equal(await token(), 'a1');
      clock.tick(3600_000);
      assert.equal(await token(), 'a2');
      house.issued++;
      await client.auth.me();
      assert.equal(await token(), 'a4');
    });
  });

  describe('a 401', () => {
    it('refreshes once, and the call is made once more', async () => {
      const client = connect();
      await client.auth.me();
      house.instead['/auth/me'] = [refuse(401)];
      await client.auth.me();
      assert.deepEqual(house.log.slice(2), ['/auth/me a1', '/auth/refresh', '/auth/me a2']);
    });

    it('twice is final, and costs one refresh', async () => {
      const client = connect();
      house.instead['/auth/me'] = [refuse(401), refuse(401), refuse(401)];
      const error = await failing(client.auth.me());
      assert.deepEqual([error.code, error.cause.status, error.cause.retryable], ['authentication', 401, false]);
      assert.deepEqual(house.log, ['/auth/login', '/auth/me a1', '/auth/refresh', '/auth/me a2']);
    });

    it('refreshes once for all calls that were under way', async () => {
      const client = connect();
      await client.auth.me();
      const byToken = (response: ServerResponse, { headers }: Asked) =>
        json(response, headers.authorization === 'Bearer a1' ? 401 : 200, { id: 'x' });
      house.instead['/auth/me'] = Array.from({ length: 40 }, () => byToken);
      await Promise.all(Array.from({ length: 20 }, () => client.auth.me()));
      assert.equal(house.count('/auth/refresh'), 1);
      assert.equal(house.count('/auth/me a2'), 20);
    });

    it('that meets every call renews once, not once for each', async () => {
      const client = connect();
      await client.auth.me();
      house.instead['/auth/me'] = Array.from({ length: 300 }, () => refuse(401));
      const errors = await Promise.all(Array.from({ length: 100 }, () => failing(client.auth.me())));
      assert.ok(errors.every(({ code }) => code === 'authentication'));
      assert.deepEqual([house.count('/auth/refresh'), house.count('/auth/login')], [1, 1]);
      // Once the server takes the account again, it is as it was before.
      house.instead['/auth/me'] = [];
      await client.auth.me();
      house.instead['/auth/me'] = [refuse(401)];
      await client.auth.me();
      assert.equal(house.count('/auth/refresh'), 2);
    });

    it('of a call that left with the former token refreshes nothing', async () => {
      const client = connect();
      await client.auth.me();
      let release: () => void = () => {};
      const arrived = new Promise<void>((resolve) => {
        house.before = (asked) => {
          if (asked.url !== '/conversations/slow' || release !== noop) return undefined;
          resolve();
          return new Promise<void>((go) => {
            release = go;
          });
        };
      });
      const noop = release;
      const slow = client.conversations.get('slow');
      await arrived;
      house.instead['/auth/me'] = [refuse(401)];
      await client.auth.me();
      assert.equal(house.issued, 2);
      release();
      assert.equal((await slow).id, 'x');
      assert.equal(house.issued, 2);
      assert.equal(house.count('/auth/refresh'), 1);
    });

    it('repeats a write with the same key', async () => {
      const client = connect();
      house.instead['/conversations/c/messages'] = [refuse(401)];
      await client.conversations.sendText('c', 'x');
      const keys = house.server?.asked
        .filter(({ url }) => url.endsWith('/messages'))
        .map(({ headers }) => headers['idempotency-key']);
      assert.equal(keys?.length, 2);
      assert.equal(new Set(keys).size, 1);
    });

    it('signs in anew when the refresh token is refused, too', async () => {
      const client = connect();
      await client.auth.me();
      house.issued = 5;
      await client.auth.me();
      assert.deepEqual(house.log.slice(2), ['/auth/me a1', '/auth/refresh', '/auth/login', '/auth/me a6']);
    });

    it('about a password is not about who we are', async () => {
      const client = connect();
      await client.auth.me();
      house.instead['/auth/change-password'] = [refuse(401, { message: 'Wrong password' })];
      const error = await failing(client.auth.changePassword('old one', 'new one'));
      assert.deepEqual([error.code, error.message], ['authentication', 'Wrong password']);
      house.instead['/auth/login'] = [refuse(401)];
      assert.equal((await failing(client.auth.login('a@x.test', 'other'))).code, 'authentication');
      assert.equal((await failing(client.auth.refresh('r0'))).code, 'authentication');
      assert.equal(house.issued, 1);
      await client.auth.me();
    });

    it('that cannot be mended reaches the caller as what it is', async () => {
      const client = connect({ maxRetries: 0 });
      await client.auth.me();
      house.instead['/auth/me'] = [refuse(401)];
      house.instead['/auth/refresh'] = [refuse(401)];
      house.instead['/auth/login'] = [refuse(403, { message: 'Locked' })];
      const error = await failing(client.auth.me());
      assert.deepEqual([error.code, error.message], ['authorization', 'Locked']);
      house.instead['/auth/me'] = [refuse(401)];
      house.instead['/auth/refresh'] = [refuse(502)];
      assert.equal((await failing(client.auth.me())).code, 'server');
    });

    it('after an attempt of unknown outcome does not make that known', async () => {
      skipWaits();
      const client = connect({ idempotent: true });
      await client.auth.me();
      // The first attempt may have been done; then the session has ended, and nobody lets us in again.
      house.instead['/conversations/c/messages'] = [refuse(500), refuse(401)];
      house.instead['/auth/refresh'] = [refuse(401)];
      house.instead['/auth/login'] = [refuse(401)];
      const error = await failing(client.conversations.sendText('c', 'x'));
      assert.deepEqual([error.code, error.cause.ambiguous, error.cause.retryable], ['authentication', true, false]);
    });
  });

  describe('signing in that fails', () => {
    const calls = (client: LinktorClient, conversation = 'c') => [
      client.auth.me(),
      client.conversations.sendText(conversation, 'x'),
      client.ai.complete('x'),
      client.ai.stream({ messages: [] }).next(),
      client.realtime.url(),
    ];

    it('is authentication for everybody who waits, and nobody asks twice', async () => {
      const client = connect({ password: 'wrong one' });
      const errors = await Promise.all([...calls(client), ...calls(client, 'd')].map((call) => failing(call)));
      for (const error of errors) {
        assert.deepEqual(
          [error.code, error.cause.status, error.cause.ambiguous, error.cause.retryable],
          ['authentication', 401, false, false],
        );
        assertSilent(error, ['wrong one']);
      }
      assert.deepEqual(house.log, ['/auth/login']);
    });

    it('works again once it is mended', async () => {
      const client = connect();
      house.instead['/auth/login'] = [refuse(401)];
      assert.equal((await failing(client.auth.me())).code, 'authentication');
      assert.equal((await client.auth.me()).id, 'x');
    });

    it('because nobody is there is a network error, and nothing has happened', async () => {
      const client = connect({ baseUrl: await deadUrl(), maxRetries: 0 });
      for (const error of await Promise.all(calls(client).map((call) => failing(call)))) {
        assert.deepEqual([error.code, error.cause.retryable, error.cause.ambiguous], ['network', true, false]);
        assertSilent(error, [password]);
      }
    });

    const broken: [string, string, (response: ServerResponse) => void][] = [
      ['the connection breaks', 'network', (response) => response.socket?.destroy()],
      ['the server fails', 'server', refuse(500)],
      ['nothing comes back', 'timeout', () => {}],
    ];
    for (const [what, code, fail] of broken) {
      it(`because ${what} is ${code}, retryable and never ambiguous: what was asked for never left`, async () => {
        const client = connect({ maxRetries: 0, timeout: code === 'timeout' ? 0.5 : 30 });
        house.instead['/auth/login'] = [fail];
        for (const error of await Promise.all(calls(client).map((call) => failing(call)))) {
          assert.deepEqual([error.code, error.cause.retryable, error.cause.ambiguous], [code, true, false]);
        }
        assert.deepEqual(house.log, ['/auth/login']);
      });

      it(`because ${what} is tried again, as often as other calls`, async () => {
        skipWaits();
        const client = connect({ timeout: 30 });
        house.instead['/auth/login'] = [fail, fail];
        assert.equal((await client.auth.me()).id, 'x');
        assert.deepEqual(house.log, ['/auth/login', '/auth/login', '/auth/login', '/auth/me a1']);
      });
    }

    it('does not stop the socket from trying later, unless it is refused', async () => {
      const states = async (fail: (response: ServerResponse) => void) => {
        const client = connect({ maxRetries: 0 });
        house.instead['/auth/login'] = [fail];
        const { contract, url, connection } = client.realtime;
        const realtime = new Realtime({ contract, url, connection, rest: client, onProblem: () => {} });
        const state = await new Promise<string>((resolve) => {
          realtime.onState(({ name }) => {
            if (name !== 'connecting') resolve(name);
          });
          realtime.listen(() => {});
        });
        await realtime.close();
        return state;
      };
      assert.equal(await states(refuse(503)), 'waiting');
      assert.equal(await states(refuse(401)), 'refused');
    });
  });

  describe('giving up', () => {
    it('does not wait for somebody to be signed in', async () => {
      const abort = new AbortController();
      const options = { signal: abort.signal };
      const asked = new Promise<void>((resolve) => {
        house.before = ({ url }) => (url === '/auth/login' ? new Promise(() => resolve()) : undefined);
      });
      const client = connect();
      const read = failing(client.auth.me(options));
      const write = failing(client.conversations.sendText('c', 'x', options));
      const stream = failing(client.ai.stream({ messages: [] }, options).next());
      await asked;
      abort.abort();
      assert.equal((await read).code, 'unexpected');
      for (const error of [await write, await stream]) {
        assert.deepEqual([error.code, error.cause.retryable, error.cause.ambiguous], ['unexpected', true, false]);
      }
    });

    it('leaves the sign-in to the others', async () => {
      const abort = new AbortController();
      let release: () => void = () => {};
      const asked = new Promise<void>((resolve) => {
        house.before = ({ url }) =>
          url === '/auth/login'
            ? new Promise((go) => {
                release = go;
                resolve();
              })
            : undefined;
      });
      const client = connect();
      const leaving = failing(client.auth.me({ signal: abort.signal }));
      const staying = client.auth.me();
      await asked;
      abort.abort();
      await leaving;
      release();
      assert.equal((await staying).id, 'x');
      assert.equal(house.count('/auth/login'), 1);
    });

    it('by closing says of a write that it never left', async () => {
      const asked = new Promise<void>((resolve) => {
        house.before = ({ url }) => (url === '/auth/login' ? new Promise(() => resolve()) : undefined);
      });
      const client = connect();
      const write = failing(client.conversations.sendText('c', 'x'));
      const address = failing(client.realtime.url());
      await asked;
      await client.close();
      const error = await write;
      assert.deepEqual([error.code, error.cause.retryable, error.cause.ambiguous], ['unexpected', true, false]);
      await address;
    });
  });

  describe('closing', () => {
    it('signs out whom it signed in, with the token that counts', async () => {
      const client = connect();
      await client.auth.me();
      house.instead['/auth/me'] = [refuse(401)];
      await client.auth.me();
      await client.close();
      assert.equal(house.log.at(-1), '/auth/logout a2');
      await client.close();
      assert.equal(house.count('/auth/logout'), 1);
    });

    it('signs nobody out who brought a key or a token, or never needed to sign in', async () => {
      for (const settings of [{ apiKey: 'k' }, { accessToken: 't' }, {}]) {
        const client = connect(settings);
        if (Object.keys(settings).length > 0) await client.auth.me().catch(() => {});
        await client.close();
      }
      assert.equal(house.count('/auth/logout'), 0);
    });

    it('does not mind a server that does not let us go', async () => {
      for (const fail of [refuse(404), refuse(500), (response: ServerResponse) => void response.socket?.destroy()]) {
        const client = connect();
        await client.auth.me();
        house.instead['/auth/logout'] = [fail];
        await client.close();
      }
    });

    it('ends what comes after', async () => {
      const client = connect();
      await client.auth.me();
      await client.close();
      assert.equal((await failing(client.auth.me())).code, 'unexpected');
      await failing(client.realtime.url());
      assert.equal(house.count('/auth/login'), 1);
    });
  });

  describe('secrets', () => {
    // What a server may write into its answer: as it is, as JSON writes it, as an ASCII-only writer does.
    const hard = 'pä"ss\\wörd/水';
    const echoes: [string, (secret: string) => string][] = [
      ['plainly', (secret) => secret],
      ['as JSON', (secret) => JSON.stringify({ message: `No ${secret}`, details: { given: [secret] } })],
      [
        'as JSON in ASCII',
        (secret) =>
          JSON.stringify({ error: { code: secret, message: secret, details: { [secret]: secret } } }).replace(
            /[^ -~]/g,
            (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
          ),
      ],
    ];
    const told = (error: Error) => inspect(error, { depth: 10, showHidden: true });

    for (const [how, echo] of echoes) {
      it(`are in no error, though the server tells them ${how}`, async () => {
        const settings: ClientSettings[] = [
          { apiKey: KEY },
          { accessToken: 'lk-token-1' },
          { email, password: hard },
          { email, password: 'a"b' },
        ];
        const tell = await serve((asked, response) => {
          const given = asked.body.includes('password') ? JSON.parse(asked.body).password : undefined;
          const header = asked.headers['x-api-key'] ?? asked.headers.authorization?.replace('Bearer ', '');
          response.writeHead(400, { 'Content-Type': 'application/json' }).end(echo(String(given ?? header)));
        });
        try {
          for (const one of settings) {
            const client = new LinktorClient({ baseUrl: tell.url, contract: 'api', ...one });
            clients.push(client);
            const error = await failing(client.auth.me());
            const secret = one.apiKey ?? one.accessToken ?? one.password ?? '';
            assertSilent(error, [secret]);
            const parts = [error.message, error.cause.serverCode, JSON.stringify(error.cause.details)].join();
            assert.ok(!parts.includes(secret) && !parts.includes(JSON.stringify(secret).slice(1, -1)), told(error));
          }
        } finally {
          await tell.close();
        }
      });
    }

    it('are in no answer either, though the server repeats what it was asked', async () => {
      const secret = 'lk_live_5Jt2vQ8LmZw7';
      const tell = await serve(({ headers }, response) =>
        response
          .writeHead(200, {
            'Content-Type': 'application/json',
            'X-Echo': `for ${headers['x-api-key']}`,
            'Set-Cookie': secret,
          })
          .end(JSON.stringify({ data: { id: 'c1', said: headers, [secret]: 1 } })),
      );
      try {
        const client = new LinktorClient({ baseUrl: tell.url, contract: 'api', apiKey: secret });
        clients.push(client);
        const answers = [await client.request({ path: '/echo' }), await client.contacts.get('c1')];
        assert.ok(!inspect(answers, { depth: 10, showHidden: true }).includes(secret), inspect(answers, { depth: 10 }));
        assert.equal((answers[1] as { id: string }).id, 'c1');
        assert.equal(tell.asked.length, 2);
      } finally {
        await tell.close();
      }
    });

    it('that were used before are in no error either', async () => {
      const client = connect();
      await client.auth.me();
      let release: () => void = () => {};
      const arrived = new Promise<void>((resolve) => {
        house.before = ({ url }) =>
          url === '/conversations/slow'
            ? new Promise((go) => {
                release = go;
                resolve();
              })
            : undefined;
      });
      house.instead['/conversations/slow'] = [
        (response, { headers }) => json(response, 403, { message: `${headers.authorization} may not` }),
      ];
      const slow = failing(client.conversations.get('slow'));
      await arrived;
      house.instead['/auth/me'] = [refuse(401)];
      await client.auth.me();
      release();
      const error = await slow;
      assert.equal(error.message, 'Bearer *** may not');
    });

    it('are not in what is printed of a client, signed in or not', async () => {
      const client = connect({ password });
      const look = () => inspect(client, { depth: 10, showHidden: true }) + JSON.stringify(client);
      assert.ok(!look().includes(password));
      await client.auth.me();
      for (const secret of [password, 'a1', 'r1']) assert.ok(!look().includes(`'${secret}'`), secret);
    });
  });
});
