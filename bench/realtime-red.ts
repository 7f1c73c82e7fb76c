import type { Place } from './realtime-load';
import { type Red, startRed } from './red';

/** What the driver may ask of whoever receives; every question is answered with one message. */
export type Question =
  /** -> {}; then {ended, cpu, times} as soon as so many have come; cpu in microseconds of all threads since then */
  | { expect: number; times: boolean }
  /** -> {heap}: bytes in use, swept */
  | { heap: true }
  /** -> {parses}: frames parsed since the last such question, the first of which starts the counting */
  | { parses: true };

/**
 * Answers the questions. It is written into a module of Node-RED as it stands, so it must not use what is outside it.
 * @returns to be called with every message that comes
 */
export function receiver(): () => void {
  let expected = 0;
  let come = 0;
  let times: number[] | undefined;
  let parses = -1;
  let before = process.cpuUsage();
  const now = () => Number(process.hrtime.bigint()) / 1000;
  process.on('message', (question: Question) => {
    if ('expect' in question) {
      expected = question.expect;
      come = 0;
      times = question.times ? [] : undefined;
      before = process.cpuUsage();
      process.send?.({});
    } else if ('heap' in question) {
      const sweep = (left: number): void => {
        (globalThis as { gc?: () => void }).gc?.();
        if (left > 0) setTimeout(() => sweep(left - 1), 50);
        else process.send?.({ heap: process.memoryUsage().heapUsed });
      };
      sweep(5);
    } else {
      process.send?.({ parses });
      if (parses === -1) {
        const parse = JSON.parse;
        JSON.parse = (text: string, ...rest: []) => {
          if (text.length < 2000 && text.startsWith('{"type":"message"')) parses++;
          return parse(text, ...rest);
        };
      }
      parses = 0;
    }
  });
  return () => {
    times?.push(now());
    come++;
    if (come !== expected) return;
    const { user, system } = process.cpuUsage(before);
    process.send?.({ ended: now(), cpu: user + system, times });
  };
}

const place = { z: 'tab', x: 100, y: 100 };
const counter = { id: 'count', type: 'bench-count', ...place };
const tab = { id: 'tab', type: 'tab', label: 'bench' };

function account(id: string, { baseUrl, sockets }: Place): object {
  return { id, type: 'linktor-config', baseUrl, wsUrl: `${sockets}/${id}`, credentials: { apiKey: 'sandbox-key' } };
}

const handwritten = `
const { conversationId, message } = msg.payload;
return {
  payload: message.content.text,
  topic: 'webchat/' + conversationId,
  conversationId,
  messageId: message.id,
  contactId: message.senderId,
  contentType: message.contentType,
  sender: { type: message.senderType, id: message.senderId },
  event: msg.payload,
};`;

export function ours(where: Place): object[] {
  const trigger = { id: 'in', type: 'linktor-message-in', ...place, config: 'ours', wires: [['count']] };
  return [tab, account('ours', where), trigger, counter];
}

/** The core nodes that do the same job. */
export function core(where: Place): object[] {
  return [
    tab,
    { id: 'client', type: 'websocket-client', path: `${where.sockets}/core`, wholemsg: 'false', hb: '0', headers: [] },
    { id: 'ws', type: 'websocket in', ...place, server: '', client: 'client', wires: [['json']] },
    { id: 'json', type: 'json', ...place, property: 'payload', action: 'obj', pretty: false, wires: [['switch']] },
    {
      id: 'switch',
      type: 'switch',
      ...place,
      property: 'payload.type',
      propertyType: 'msg',
      rules: [{ t: 'eq', v: 'message', vt: 'str' }],
      checkall: 'true',
      repair: false,
      outputs: 1,
      wires: [['function']],
    },
    {
      id: 'function',
      type: 'function',
      ...place,
      func: handwritten,
      outputs: 1,
      timeout: 0,
      noerr: 0,
      initialize: '',
      finalize: '',
      libs: [],
      wires: [['count']],
    },
    counter,
  ];
}

/** So many triggers on one account, each of which lets an equal share through. */
export function crowd(where: Place, by: 'conversations' | 'words', size: number): object[] {
  const share = where.conversations.length / size;
  const filter = (index: number) =>
    by === 'words'
      ? { textRule: 'startsWith', textValue: `w${String(index).padStart(2, '0')} ` }
      : {
          conversations: 'these',
          conversationIds: JSON.stringify(where.conversations.slice(index * share, (index + 1) * share)),
          conversationIdsType: 'json',
        };
  const triggers = Array.from({ length: size }, (_, index) => ({
    id: `${by}-${index}`,
    type: 'linktor-message-in',
    ...place,
    config: by,
    ...filter(index),
    wires: [['count']],
  }));
  return [account(by, where), ...triggers];
}

/** A Node-RED with a node that counts. */
export function startCounting(root: string): Promise<Red> {
  return startRed(
    root,
    `module.exports = (RED) => {
      const come = (${receiver.toString()})();
      RED.nodes.registerType('bench-count', function (config) {
        RED.nodes.createNode(this, config);
        this.on('input', (msg, send, done) => { come(); done(); });
      });
    };`,
  );
}

export { counter, tab };
