import { type Red, startRed } from './red';

/** The subjects: our node with each storage engine, and the same dialogue built from core nodes. */
export const askers = ['memory', 'file', 'core'] as const;
export type AskerName = (typeof askers)[number];

/** Requests of the driver to Node-RED; each is answered with one message. */
export type Question = { subject: AskerName; atOnce: number; milliseconds: number } | { heap: true };

/**
 * Answers the requests of the driver. Its source text becomes a module of Node-RED, so it must not use outer variables.
 * @param inject begins a dialogue in a conversation
 * @returns a function to call with every answered message
 */
export function player(inject: (id: string, msg: object) => void): (subject: string, conversationId: string) => void {
  let through = (_subject: string, _conversationId: string) => {};
  process.on('message', (question: Question) => {
    if ('heap' in question) {
      const sweep = (left: number): void => {
        (globalThis as { gc?: () => void }).gc?.();
        if (left > 0) setTimeout(() => sweep(left - 1), 50);
        else process.send?.({ heap: process.memoryUsage().heapUsed });
      };
      sweep(5);
      return;
    }
    const { subject, atOnce, milliseconds } = question;
    const before = process.cpuUsage();
    const start = performance.now();
    let done = 0;
    let under = atOnce;
    const next = (conversationId: string) =>
      inject(subject, { conversationId, payload: 'kept', topic: conversationId });
    through = (by, conversationId) => {
      if (by !== subject) return;
      done++;
      if (performance.now() < start + milliseconds) return next(conversationId);
      if (--under > 0) return;
      const { user, system } = process.cpuUsage(before);
      process.send?.({ rate: (done * 1000) / (performance.now() - start), cpu: (user + system) / done });
    };
    for (let at = 0; at < atOnce; at++) next(`${subject}-${at}`);
  });
  return (subject, conversationId) => through(subject, conversationId);
}

const place = { z: 'tab', x: 100, y: 100 };
const key = 'bench-key';

/** Record the open question and build the request. */
const begin = (base: string) => `
const waiting = flow.get('waiting') || {};
waiting[msg.conversationId] = { msg: RED.util.cloneMessage(msg), asked: Date.now(), tries: 0 };
flow.set('waiting', waiting);
msg.url = '${base}/conversations/' + encodeURIComponent(msg.conversationId) + '/messages';
msg.headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'X-API-Key': '${key}',
  'Idempotency-Key': global.get('crypto').randomUUID() };
msg.payload = { type: 'text', text: 'How many?' };
return msg;`;

/** Match a message with the open question, validate the answer and clear the timeout. */
const judge = `
const message = msg.payload && msg.payload.message;
if (!message || message.direction !== 'inbound') return null;
const waiting = flow.get('waiting') || {};
const found = waiting[message.conversationId];
if (!found) return null;
const value = Number(String(message.content.text).trim().replace(',', '.'));
if (!Number.isFinite(value)) { found.tries++; flow.set('waiting', waiting); return null; }
delete waiting[message.conversationId];
flow.set('waiting', waiting);
found.msg.payload = value;
found.msg.answer = { text: message.content.text, value, attempts: found.tries + 1 };
return [found.msg, { topic: message.conversationId, reset: true }];`;

const fn = (id: string, func: string, outputs: number, wires: string[][]) => ({
  ...{
    id,
    type: 'function',
    ...place,
    func,
    outputs,
    timeout: 0,
    noerr: 0,
    initialize: '',
    finalize: '',
    libs: [],
    wires,
  },
});

function core(base: string): object[] {
  const socket = base.replace('http', 'ws');
  return [
    { id: 'core', type: 'inject', ...place, props: [], repeat: '', wires: [['core-begin']] },
    fn('core-begin', begin(base), 1, [['core-send']]),
    {
      ...{ id: 'core-send', type: 'http request', ...place, method: 'POST', ret: 'obj', persist: true, senderr: false },
      ...{ headers: [], wires: [['core-timeout']] },
    },
    {
      ...{ id: 'core-timeout', type: 'trigger', ...place, op1: '', op2: 'timeout', op1type: 'nul', op2type: 'str' },
      ...{
        duration: '1',
        extend: false,
        units: 'hr',
        reset: '',
        bytopic: 'topic',
        topic: 'topic',
        outputs: 1,
        wires: [[]],
      },
    },
    {
      id: 'core-socket',
      type: 'websocket-client',
      path: `${socket}/ws`,
      tls: '',
      wholemsg: 'false',
      hb: '0',
      subprotocol: '',
    },
    { id: 'core-in', type: 'websocket in', ...place, server: '', client: 'core-socket', wires: [['core-json']] },
    {
      id: 'core-json',
      type: 'json',
      ...place,
      property: 'payload',
      action: 'obj',
      pretty: false,
      wires: [['core-judge']],
    },
    fn('core-judge', judge, 2, [['core-fits'], ['core-timeout']]),
    {
      ...{ id: 'core-fits', type: 'switch', ...place, property: 'payload', propertyType: 'msg', checkall: 'true' },
      ...{ rules: [{ t: 'gte', v: '0', vt: 'num' }], repair: false, outputs: 1, wires: [['core-sink']] },
    },
    { id: 'core-sink', type: 'bench-sink', ...place },
  ];
}

function ours(engine: 'memory' | 'file', base: string): object[] {
  const account = `account-${engine}`;
  const words = { kind: 'number', question: 'How many?', questionType: 'str', wires: [[`${engine}-sink`], [], []] };
  return [
    {
      id: account,
      type: 'linktor-config',
      baseUrl: base,
      contract: 'api',
      keepIn: engine,
      credentials: { apiKey: key },
    },
    { id: engine, type: 'inject', ...place, props: [], repeat: '', wires: [[`${engine}-ask`]] },
    { id: `${engine}-ask`, type: 'linktor-ask', ...place, config: account, ...words },
    { id: `${engine}-sink`, type: 'bench-sink', ...place },
  ];
}

/** Start a Node-RED with one subject: an open socket receives all answers, and must not pay for other subjects. */
export async function startAsker(root: string, subject: AskerName, base: string, execPath: string): Promise<Red> {
  const red = await startRed(
    root,
    `module.exports = (RED) => {
      const through = (${player.toString()})((id, msg) => RED.nodes.getNode(id).receive(msg));
      RED.nodes.registerType('bench-sink', function (config) {
        RED.nodes.createNode(this, config);
        const subject = config.id.replace('-sink', '');
        this.on('input', (msg, send, done) => { through(subject, msg.conversationId); done(); });
      });
    };`,
    root,
    execPath,
  );
  await red.deploy([
    { id: 'tab', type: 'tab', label: 'bench' },
    ...(subject === 'core' ? core(base) : ours(subject, base)),
  ]);
  return red;
}
