// The server side of the chaos test: a sandbox, a proxy in front of it, customers who write, and random failures. It
// runs in a separate process, so that its memory does not count as the client's.
import { startSandbox } from '../../sandbox';
import { API_KEY } from '../../sandbox/state';
import { FrameProxy, type Trick } from './frame-proxy';
import { HttpLines } from './http-lines';

export interface Orders {
  seed: number;
  /** end of the test: a number of messages, or milliseconds from now */
  messages?: number;
  milliseconds?: number;
  perSecond: number;
  /** names of the failures to inject; all by default */
  only?: readonly string[];
}

export type News =
  | { is: 'ready'; url: string }
  | { is: 'done'; written: [conversationId: string, count: number][]; episodes: Record<string, number> }
  | { is: 'failed'; reason: string };

/** Reproducible pseudo-random numbers from a seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const mostConversations = 60;
const writers = 8;
/** milliseconds between two failures */
const calm = 400;
const tricks: [share: number, trick: Trick][] = [
  [0.03, 'twice'],
  [0.03, 'again'],
  [0.05, 'late'],
  [0.02, 'fragments'],
  [0.03, 'garbage'],
  [0.0003, 'oversize'],
  [0.0003, 'no-text'],
  [0.0003, 'reserved'],
  [0.0003, 'cut'],
];
/** close codes of a server; undefined breaks the connection, and some codes are refusals */
const closeCodes = [undefined, 1000, 1001, 1002, 1008, 1011, 1012, 1013, 1014, 3000, 4000, 4401, 4999];

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

interface Made {
  id: string;
  conversationId: string;
}

async function play(orders: Orders, url: string, proxy: FrameProxy): Promise<News> {
  const [luck, prank, choice] = [1, 2, 3].map((part) => dice(orders.seed * 8 + part)) as [Dice, Dice, Dice];
  const lines = new HttpLines(url, { 'X-API-Key': API_KEY });
  const written = new Map<string, number>();
  const episodes: Record<string, number> = {};
  let over = false;
  let count = 0;

  /** @returns the created record, or undefined when the request was refused */
  const post = async (path: string, body: object): Promise<Made | undefined> => {
    const { status, text } = await lines.ask(path, JSON.stringify(body));
    return status < 300 ? (JSON.parse(text) as Made) : undefined;
  };
  const control = (path: string, body: object = {}) => post(`/_sandbox${path}`, body);
  /** @returns the number of sockets opened so far */
  const total = async () => {
    const state = await (await fetch(`${url}/_sandbox/state`)).json();
    return (state as { sockets: { total: number } }).sockets.total;
  };

  /** Write one message, whose text is its number within the conversation. */
  async function write(own: string[]): Promise<void> {
    const id = own[Math.floor(choice() * own.length)];
    if (id === undefined || (written.size < mostConversations && choice() < 0.02)) {
      const told = await control('/messages', { contact: { name: `Customer ${count++}` }, text: '1' });
      if (!told) throw new Error('a customer could not write');
      own.push(told.conversationId);
      written.set(told.conversationId, 1);
      return;
    }
    const next = (written.get(id) ?? 0) + 1;
    const told =
      choice() < 0.2
        ? await post(`/conversations/${id}/messages`, { type: 'text', text: String(next) })
        : await control('/messages', { conversationId: id, text: String(next) });
    // A message refused by a planned failure was not written.
    if (!told) return;
    written.set(id, next);
    count++;
  }

  const began = Date.now();
  /** Write one message after the other; each call has its own conversations. */
  async function customers(): Promise<void> {
    const own: string[] = [];
    const each = (writers * 1000) / orders.perSecond;
    for (let turn = 1; !over; turn++) {
      await write(own);
      over ||= orders.messages === undefined ? false : count >= orders.messages;
      over ||= orders.milliseconds === undefined ? false : Date.now() - began >= orders.milliseconds;
      const wait = began + turn * each - Date.now();
      if (wait > 0) await sleep(wait);
    }
  }

  const pick = <T>(from: readonly T[]): T => from[Math.floor(luck() * from.length)] as T;
  const span = (least: number, most: number) => least + Math.floor(luck() * (most - least));
  const drop = () => control('/sockets/drop', { code: pick(closeCodes) });
  const misfortunes: Record<string, () => Promise<unknown>> = {
    drop,
    flutter: async () => {
      for (let times = span(2, 5); times > 0; times--) {
        await drop();
        await sleep(span(5, 60));
      }
    },
    // Long enough to be noticed: a socket that thaws earlier leaves a gap that the client cannot detect.
    freeze: async () => {
      const frozen = await control('/sockets/freeze');
      const before = await total();
      for (let left = 100; frozen && left > 0 && (await total()) === before; left--) await sleep(50);
      await control('/sockets/thaw');
    },
    refuse: async () => {
      const status = pick([429, 500, 502, 503]);
      await control('/fail', { count: span(1, 4), status, path: '/ws', headers: { 'Retry-After': '0' } });
      await drop();
    },
    'lists fail': async () => {
      await control('/fail', { count: span(1, 6), status: pick([429, 500, 503]), path: '/conversations*' });
      await drop();
    },
    'lists break': async () => {
      await control('/fail', { count: span(1, 6), reset: true, method: 'GET', path: '/conversations*' });
      await drop();
    },
    slow: async () => {
      await control('/latency', { ms: span(5, 60) });
      await drop();
      await sleep(span(50, 300));
      await control('/latency', { ms: 0 });
    },
    restart: async () => {
      await proxy.down();
      await sleep(span(20, 300));
      await proxy.up();
    },
    locked: async () => {
      await control('/fail', { count: 1_000_000, status: 401, path: '*' });
      await drop();
      await sleep(span(100, 400));
      await control('/fail', { count: 0 });
    },
  };
  const may = (name: string) => orders.only?.includes(name) ?? true;
  async function badLuck(): Promise<void> {
    const possible = Object.keys(misfortunes).filter(may);
    while (!over && possible.length > 0) {
      const name = pick(possible);
      episodes[name] = (episodes[name] ?? 0) + 1;
      await misfortunes[name]?.();
      await sleep(span(calm / 2, calm * 2));
    }
  }

  proxy.mischief = () => {
    let at = prank();
    const found = tricks.find(([share]) => {
      at -= share;
      return at < 0;
    });
    if (!found || !may(found[1])) return undefined;
    episodes[found[1]] = (episodes[found[1]] ?? 0) + 1;
    return found[1];
  };
  await Promise.all([badLuck(), ...Array.from({ length: writers }, customers)]);
  proxy.mischief = () => undefined;
  await control('/fail', { count: 0 });
  return { is: 'done', written: [...written], episodes };
}

type Dice = () => number;

async function main(): Promise<void> {
  const tell = (news: News) => process.send?.(news);
  process.once('disconnect', () => process.exit());
  const sandbox = await startSandbox();
  const proxy = await FrameProxy.open(sandbox.port);
  process.on('message', (orders: Orders) => {
    play(orders, sandbox.url, proxy).then(tell, (error: unknown) => tell({ is: 'failed', reason: String(error) }));
  });
  tell({ is: 'ready', url: proxy.url });
}

if (process.send) main().catch((error: unknown) => process.exit(error ? 1 : 0));
