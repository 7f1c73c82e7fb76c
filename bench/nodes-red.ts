import { type Red, startRed } from './red';

export const subjects = ['closing', 'kept', 'ours'] as const;
export type Subject = (typeof subjects)[number];

/** Requests of the driver to Node-RED; each is answered with one message. */
export type Question =
  /** -> Outcome: keep `atOnce` messages in flight through the subject's flow for this time */
  | { subject: Subject; atOnce: number; milliseconds: number }
  /** -> {added}: bytes held by a burst of this many messages; then {} when all of them are done */
  | { subject: Subject; pile: number };

export interface Outcome {
  /** messages per second, and microseconds of processor time for each, all threads */
  rate: number;
  cpu: number;
}

/**
 * Answers the requests of the driver. Its source text becomes a module of Node-RED, so it must not use outer variables.
 * @param inject sends a message like the button of an inject node
 * @returns a function to call with every completed message
 */
export function player(inject: (id: string, msg: object) => void): () => void {
  const filler = 'The parcel is on its way and will be with you tomorrow between nine and twelve. '.repeat(4);
  let made = 0;
  let through = () => {};
  const next = (subject: string) => {
    made++;
    // Each text is a separate string in memory, as if received from the network.
    const payload = Buffer.from(`${made} ${filler}`.slice(0, 265)).toString();
    inject(subject, { conversationId: `conv_${made % 10_000}`, payload });
  };
  const heap = async () => {
    for (let look = 0; look < 5; look++) {
      (globalThis as { gc?: () => void }).gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return process.memoryUsage().heapUsed;
  };

  const play = (subject: string, atOnce: number, milliseconds: number) => {
    const before = process.cpuUsage();
    const start = performance.now();
    let done = 0;
    let under = atOnce;
    through = () => {
      done++;
      if (performance.now() < start + milliseconds) return next(subject);
      if (--under > 0) return;
      const { user, system } = process.cpuUsage(before);
      process.send?.({ rate: (done * 1000) / (performance.now() - start), cpu: (user + system) / done });
    };
    for (let at = 0; at < atOnce; at++) next(subject);
  };

  const pile = async (subject: string, size: number) => {
    let left = size;
    through = () => {
      if (--left === 0) process.send?.({});
    };
    const before = await heap();
    for (let at = 0; at < size; at++) next(subject);
    process.send?.({ added: (await heap()) - before });
  };

  process.on('message', (question: Question) => {
    if ('pile' in question) void pile(question.subject, question.pile);
    else play(question.subject, question.atOnce, question.milliseconds);
  });
  return () => through();
}

const place = { z: 'tab', x: 100, y: 100 };
const key = 'bench-key';

/** The request of linktor-send, written by hand. */
const handwritten = (base: string) => `
msg.url = '${base}/conversations/' + encodeURIComponent(msg.conversationId) + '/messages';
msg.headers = {
  Accept: 'application/json',
  'Content-Type': 'application/json',
  'Idempotency-Key': global.get('crypto').randomUUID(),
  'X-API-Key': '${key}',
};
msg.payload = { type: 'text', text: msg.payload };
return msg;`;

/** A flow of an inject node, the subject, and a complete node that reports the end. */
function line(subject: Subject, sender: object, first: object[] = []): object[] {
  return [
    {
      id: subject,
      type: 'inject',
      ...place,
      props: [],
      repeat: '',
      wires: [[first.length > 0 ? `${subject}-words` : `${subject}-send`]],
    },
    ...first,
    { id: `${subject}-send`, ...place, wires: [[]], ...sender },
    { id: `${subject}-done`, type: 'complete', ...place, scope: [`${subject}-send`], wires: [['sink']] },
  ];
}

function core(subject: Subject, base: string, persist: boolean): object[] {
  const words = {
    id: `${subject}-words`,
    type: 'function',
    ...place,
    func: handwritten(base),
    outputs: 1,
    timeout: 0,
    noerr: 0,
    initialize: '',
    finalize: '',
    libs: [],
    wires: [[`${subject}-send`]],
  };
  return line(subject, { type: 'http request', method: 'POST', ret: 'obj', persist, senderr: false, headers: [] }, [
    words,
  ]);
}

/** Start a Node-RED with our node and the core nodes for the same job, all with their default settings. */
export async function startSenders(root: string, baseUrl: string): Promise<Red> {
  const red = await startRed(
    root,
    `module.exports = (RED) => {
      const through = (${player.toString()})((id, msg) => RED.nodes.getNode(id).receive(msg));
      RED.nodes.registerType('bench-sink', function (config) {
        RED.nodes.createNode(this, config);
        this.on('input', (msg, send, done) => { through(); done(); });
      });
    };`,
  );
  await red.deploy([
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'account', type: 'linktor-config', baseUrl, credentials: { apiKey: key } },
    ...line('ours', { type: 'linktor-send', config: 'account' }),
    ...core('kept', baseUrl, true),
    ...core('closing', baseUrl, false),
    { id: 'sink', type: 'bench-sink', ...place },
  ]);
  return red;
}
