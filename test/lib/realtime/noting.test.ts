import { strict as assert } from 'node:assert';
import sinon from 'sinon';
import { LinktorError } from '../../../lib/errors';
import { createLedger, type Ledger } from '../../../lib/ledger';
import { type Delivery, Realtime } from '../../../lib/realtime/index';
import { type Bench, bench, Inbox } from '../support';

/** as many deliveries may be unknown to the store of several instances */
const MAX_UNNOTED = 32;

describe('realtime: what the store of several instances does not know yet', () => {
  let box: Bench;
  let realtime: Realtime;
  let heard: Inbox<Delivery>;
  let arrived: Inbox<string>;
  /** of the store, to each write of what has been delivered */
  let answers: { resolve(): void; reject(error: unknown): void }[];
  let isSilent: boolean;

  beforeEach(async () => {
    box = await bench({ receipts: 'manual' });
    const inner = createLedger({ keepIn: 'memory', keepDays: 30 });
    const put: Ledger['put'] = async (namespace, ...given) => {
      if (namespace === 'seen' && isSilent) {
        await new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
      }
      await inner.put(namespace, ...given);
    };
    const ledger: Ledger = Object.assign(Object.create(inner), {
      ...{ durability: 'crash', isShared: true, put },
      ...{ list: inner.list.bind(inner), delete: inner.delete.bind(inner) },
    });
    const client = box.client({ maxRetries: 0 });
    [answers, isSilent, heard, arrived] = [[], false, new Inbox(), new Inbox()];
    realtime = new Realtime({
      ...{ contract: client.realtime.contract, rest: client, url: client.realtime.url, ledger },
      ...{ discoverInterval: 20, onProblem() {}, timing: { linger: 30, remember: 10 } },
    });
    realtime.subscribeAll();
    realtime.listen(heard.add);
    realtime.onArrival(
      ({ message }) => message && arrived.add(message.id),
      () => true,
    );
    await realtime.ready;
    for (const conversationId of ['conv_ana', 'conv_bruno']) {
      const first = heard.first(({ event }) => event.conversationId === conversationId && event.message !== undefined);
      const writing = setInterval(() => void write('ready?', conversationId), 100);
      await first;
      clearInterval(writing);
    }
    isSilent = true;
  });
  afterEach(async () => {
    answerAll();
    await realtime.close();
    await box.close();
  });

  const write = async (text: string, conversationId = 'conv_ana') =>
    (await box.control<{ id: string }>('/messages', { conversationId, text })).id;
  const told = (ids: readonly string[]) =>
    heard.all.flatMap(({ event: { message } }) => (message && ids.includes(message.id) ? [message.id] : []));
  function answerAll(): void {
    isSilent = false;
    for (const { resolve } of answers.splice(0)) resolve();
  }
  /** Write messages into two conversations, until all have arrived here. */
  async function writeMany(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index++)
      ids.push(await write(`n ${index}`, index % 2 ? 'conv_ana' : 'conv_bruno'));
    for (const id of ids) await arrived.first((one) => one === id);
    await new Promise((resolve) => setImmediate(resolve));
    return ids;
  }

  it('is little: further ones wait for it, and come in their order', async () => {
    const ids = await writeMany(MAX_UNNOTED + 8);
    const before = told(ids);
    assert.ok(before.length >= 1 && before.length <= MAX_UNNOTED, String(before.length));
    answerAll();
    await heard.first(({ event }) => event.message?.id === ids.at(-1));
    await heard.first(({ event }) => event.message?.id === ids.at(-2));
    for (const parity of [0, 1]) {
      const own = ids.filter((_, index) => index % 2 === parity);
      assert.deepEqual(told(own), own);
    }
  });

  it('is told further when the store refuses to know it', async () => {
    const ids = await writeMany(MAX_UNNOTED + 8);
    isSilent = false;
    for (const { reject } of answers.splice(0)) reject(new LinktorError('rate_limit', 'too much'));
    await heard.first(({ event }) => event.message?.id === ids.at(-1));
  });

  it('is young: after 20 milliseconds without an answer the next one waits', async () => {
    const [first = ''] = [await write('one')];
    await heard.first(({ event }) => event.message?.id === first);
    const now = performance.now.bind(performance);
    const clock = sinon.stub(performance, 'now').callsFake(() => now() + 21);
    try {
      const second = await write('two');
      await arrived.first((one) => one === second);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(told([first, second]), [first]);
      answerAll();
      await heard.first(({ event }) => event.message?.id === second);
    } finally {
      clock.restore();
    }
  });
});
