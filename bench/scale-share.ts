import { startSandbox } from '../sandbox';
import { HttpLines } from '../test/support/http-lines';
import { judge, pairs, quantile, type Spread, show, spread, table } from './measure';
import { type Red, startRed } from './red';

/**
 * Messages by the socket through a flow that keeps a processor busy: two instances that share the events against one
 * Node-RED with `instances: one`, in turn. Node-REDs whose turn it is not have nothing to do.
 */

const rounds = 4;
const conversations = 800;
const loads = [
  { costMs: 5, messages: 1600, least: 1.5 },
  { costMs: 20, messages: 480, least: 1.75 },
];
const MAX_PART = 0.55;
/** requests at once of the customers who write */
const WRITERS = 8;

/** what a message makes an instance do afterwards has ended */
const SETTLE_MS = 1500;

/** Keeps the processor busy for as many milliseconds as the message says, and counts. */
const source = `module.exports = (RED) => {
  const seen = { count: 0, first: 0, last: 0 };
  RED.nodes.registerType('bench-work', function (config) {
    RED.nodes.createNode(this, config);
    this.on('input', (msg) => {
      const began = performance.now();
      seen.first ||= Date.now();
      while (performance.now() - began < Number(msg.payload)) {}
      seen.count++;
      seen.last = Date.now();
    });
  });
  RED.httpNode.get('/bench/seen', (request, response) => response.json(seen));
  RED.httpNode.post('/bench/seen', (request, response) => response.json(Object.assign(seen, { count: 0, first: 0 })));
};`;

interface Seen {
  count: number;
  first: number;
  last: number;
}

interface Round {
  perSecond: number;
  /** the largest part of an instance in the work */
  part: number;
}

const place = { z: 'tab', x: 100, y: 100 };

function flowFor(baseUrl: string, account: object): object[] {
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'account', type: 'linktor-config', baseUrl, ...account, credentials: { apiKey: 'sandbox-key' } },
    { id: 'in', type: 'linktor-message-in', ...place, config: 'account', conversations: 'all', wires: [['work']] },
    { id: 'work', type: 'bench-work', ...place, wires: [] },
  ];
}

async function seenBy(red: Red, method = 'GET'): Promise<Seen> {
  return (await (await fetch(`${red.url}/bench/seen`, { method })).json()) as Seen;
}

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** A sandbox, its conversations, and the Node-REDs that hear of them. */
class Subject {
  readonly reds: Red[];
  readonly #lines: HttpLines;
  readonly #places: string[] = [];
  #next = 0;

  constructor(url: string, reds: Red[]) {
    this.#lines = new HttpLines(url, {});
    this.reds = reds;
  }

  async open(): Promise<void> {
    for (let index = 0; index < conversations; index++) {
      const contact = { name: `Customer ${index}`, phone: `+55119${String(index).padStart(8, '0')}` };
      this.#places.push(await this.#write({ contact, text: '0' }));
    }
  }

  async round(costMs: number, messages: number): Promise<Round> {
    for (const red of this.reds) await seenBy(red, 'POST');
    let left = messages;
    const write = async () => {
      while (left-- > 0) {
        const conversationId = this.#places[this.#next++ % this.#places.length];
        await this.#write({ conversationId, text: String(costMs) });
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    for (;;) {
      const seen = await Promise.all(this.reds.map((red) => seenBy(red)));
      const count = seen.reduce((sum, one) => sum + one.count, 0);
      if (count > messages) throw new Error(`${count} of ${messages} messages have come`);
      if (count < messages) {
        await pause(100);
        continue;
      }
      // Such as fetching the list of conversations: none of the next turn's business.
      await pause(SETTLE_MS);
      const first = Math.min(...seen.flatMap((one) => (one.count > 0 ? [one.first] : [])));
      const last = Math.max(...seen.map((one) => one.last));
      return { perSecond: (count * 1000) / (last - first), part: Math.max(...seen.map((one) => one.count)) / count };
    }
  }

  async #write(body: object): Promise<string> {
    const { text } = await this.#lines.ask('/_sandbox/messages', JSON.stringify(body));
    return (JSON.parse(text) as { conversationId: string }).conversationId;
  }
}

/** @param redisUrl a store @returns the lines of the report */
export async function measureSharing(redisUrl: string): Promise<string> {
  const sandboxes = [await startSandbox(), await startSandbox()] as const;
  const reds: Red[] = [];
  try {
    for (let index = 0; index < 3; index++) reds.push(await startRed(process.cwd(), source));
    const [alone, ...both] = reds as [Red, Red, Red];
    const one = new Subject(sandboxes[0].url, [alone]);
    const all = new Subject(sandboxes[1].url, both);
    for (const subject of [one, all]) await subject.open();
    await alone.deploy(flowFor(sandboxes[0].url, {}));
    const shared = { instances: 'several', listening: 'all', redisUrl, keyPrefix: 'share' };
    for (const [index, red] of both.entries())
      await red.deploy(flowFor(sandboxes[1].url, { ...shared, instanceName: `${index}` }));
    // The lanes are assigned, the conversations known.
    await pause(5000);
    const lines: string[] = [];
    const bars: string[] = [];
    for (const { costMs, messages, least } of loads) {
      const found = { one: [] as Round[], all: [] as Round[] };
      // The first round warms up.
      for (let round = 0; round <= rounds; round++) {
        const [ofOne, ofAll] = [await one.round(costMs, messages), await all.round(costMs, messages)];
        if (round === 0) continue;
        found.one.push(ofOne);
        found.all.push(ofAll);
      }
      const rates = (of: Round[]) => of.map(({ perSecond }) => perSecond);
      const ratio = pairs(rates(found.all), rates(found.one), (a, b) => a / b);
      const part = quantile(
        found.all.map((round) => round.part),
        0.5,
      );
      const cell = (of: Spread) => show(of, 0);
      lines.push(`${costMs}|${cell(spread(rates(found.one)))}|${cell(spread(rates(found.all)))}|${show(ratio)}`);
      bars.push(
        judge(ratio.median >= least, `a flow of ${costMs} ms: ${show(ratio)} times the messages (bar ${least})`),
        judge(
          part <= MAX_PART,
          `a flow of ${costMs} ms: the larger part of two is ${part.toFixed(3)} (bar ${MAX_PART})`,
        ),
      );
    }
    const head = ['flow, ms', 'messages/s of one', 'of two that share', 'ratio'];
    return [table([head, ...lines.map((line) => line.split('|'))]), '\nBars', ...bars].join('\n');
  } finally {
    for (const red of reds) await red.end();
    for (const sandbox of sandboxes) await sandbox.close();
  }
}
