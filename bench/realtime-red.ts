import path from 'node:path';
import type { Place } from './realtime-load';
import { type Red, startRed } from './red';

/** Requests of the driver to a receiver; each is answered with one message. */
export type Question =
  /** -> {}; then {ended, cpu, times} once this many events have arrived; cpu in microseconds of all threads */
  | { expect: number; times: boolean }
  /** -> {heap}: bytes in use after a garbage collection */
  | { heap: true }
  /** -> {parses}: frames parsed since the last such request; the first one starts the counter */
  | { parses: true };

/**
 * Answers the requests of the driver. Its source text becomes a module of Node-RED, so it must not use outer variables.
 * @returns a function to call with every message that arrives
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

/**
 * A hand-written function for the job of the trigger: customers' messages only, without duplicates among the last
 * 100,000, with their conversation and contact, and with the original event. The conversations are already loaded,
 * as they are in the trigger.
 */
const handwritten = `
const { conversationId, message } = msg.payload;
if (message.senderType !== 'contact') return null;
const seen = context.get('seen');
if (seen.has(message.id)) return null;
seen.add(message.id);
if (seen.size > 100000) seen.delete(seen.values().next().value);
const conversation = flow.get('conversations').get(conversationId);
const { contact, channelId, channelType } = conversation;
return {
  payload: message.content.text,
  topic: channelType + '/' + conversationId,
  conversationId,
  messageId: message.id,
  channelType,
  contactId: contact.id,
  channelId,
  contentType: message.contentType,
  attachments: [],
  contact: RED.util.cloneMessage(contact),
  sender: { type: message.senderType, id: message.senderId, name: contact.name },
  linktor: {
    event: 'message.received',
    source: 'ws',
    receivedAt: new Date().toISOString(),
    direction: message.direction,
  },
  event: msg.payload,
};`;

/** The simplest function: the same message under other names. */
const reshaping = `
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

const prepared = ({ conversations, sample }: Place): string => `
context.set('seen', new Set());
const conversations = ${JSON.stringify(conversations)}.map((id) => [id, { ...${JSON.stringify(sample)}, id }]);
flow.set('conversations', new Map(conversations));`;

/** @param name the path of its socket, which distinguishes two versions of the package */
export function ours(where: Place, name = 'ours'): object[] {
  const trigger = { id: 'in', type: 'linktor-message-in', ...place, config: name, wires: [['count']] };
  return [tab, account(name, where), trigger, counter];
}

/** The core nodes that do the same job as the trigger. */
export function core(where: Place): object[] {
  return coreFlow(where, 'core', handwritten, prepared(where));
}

/** The core nodes with the simplest function: no filter by sender, no duplicates dropped, nothing added. */
export function simple(where: Place): object[] {
  return coreFlow(where, 'simple', reshaping, '');
}

function coreFlow({ sockets }: Place, path: string, func: string, initialize: string): object[] {
  return [
    tab,
    { id: 'client', type: 'websocket-client', path: `${sockets}/${path}`, wholemsg: 'false', hb: '0', headers: [] },
    { id: 'ws', type: 'websocket in', ...place, server: '', client: 'client', wires: [['json']] },
    { id: 'json', type: 'json', ...place, property: 'payload', action: 'obj', pretty: false, wires: [['type']] },
    {
      id: 'type',
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
      func,
      outputs: 1,
      timeout: 0,
      noerr: 0,
      initialize,
      finalize: '',
      libs: [],
      wires: [['count']],
    },
    counter,
  ];
}

/** The cheapest trigger that Node-RED allows: the baseline of the comparison. */
export function idle(where: Place): object[] {
  return [tab, { id: 'idle', type: 'bench-idle', ...place, url: `${where.sockets}/idle`, wires: [['count']] }, counter];
}

/** Several triggers on one account, each of which passes an equal share of the events. */
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

/** Start a Node-RED with a node that counts messages, and a node that sends each parsed frame. */
export function startCounting(root: string, packageFolder = root): Promise<Red> {
  return startRed(
    root,
    `module.exports = (RED) => {
      const come = (${receiver.toString()})();
      RED.nodes.registerType('bench-count', function (config) {
        RED.nodes.createNode(this, config);
        this.on('input', (msg, send, done) => { come(); done(); });
      });
      const WebSocket = require(${JSON.stringify(path.join(root, 'node_modules', 'ws'))});
      RED.nodes.registerType('bench-idle', function (config) {
        RED.nodes.createNode(this, config);
        let count = 0;
        const socket = new WebSocket(config.url, { perMessageDeflate: false });
        socket.on('message', (data) => {
          count++;
          this.send({ _msgid: String(count), payload: JSON.parse(String(data)) });
        });
        this.on('close', () => socket.close());
      });
    };`,
    packageFolder,
  );
}

export { counter, tab };
