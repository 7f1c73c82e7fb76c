import { EventEmitter } from 'node:events';
import axios, { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import type { Event } from '../lib/model';
import linktor from '../nodes';
import type { RED } from '../nodes/kit/red';
import { ANSWER, answerTo, messageOf, SEND } from './dialogue-world';

/** The part of Node-RED's Node class that our nodes use. */
class StubNode extends EventEmitter {
  users = {};
  credentials: Record<string, string> = { apiKey: 'bench-key' };
  readonly id: string;
  readonly type: string;
  send: (msg: unknown) => void = () => {};

  constructor(id: string, type: string) {
    super();
    this.id = id;
    this.type = type;
  }

  error(error: unknown): void {
    console.error(error);
  }
  warn(): void {}
  log(): void {}
  status(): void {}
  context(): unknown {
    return {};
  }
}

export interface Asking {
  /** Ask in a conversation. @param answered called with the output message */
  ask(conversationId: string, answered: (msg: unknown) => void): Promise<void>;
  /** resolves when the open questions have been read */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** nothing listens there */
const ORIGIN = 'http://127.0.0.1:9';

type Construct = (this: StubNode, config: object) => void;

/** Start our node in a stubbed Node-RED with an in-memory transport. @param answers whether customers answer at once */
export function startStub(keepIn: 'memory' | 'file', userDir: string, answers: () => boolean): Asking {
  const types = new Map<string, Construct>();
  const nodes = new Map<string, StubNode>();
  const events = new EventEmitter();
  events.setMaxListeners(0);
  const routes = { get() {}, post() {} };
  const red = {
    nodes: {
      createNode() {},
      registerType: (type: string, construct: Construct) => types.set(type, construct),
      getNode: (id: string) => nodes.get(id),
      eachNode() {},
      getCredentials: () => undefined,
    },
    util: {
      cloneMessage: structuredClone,
      getMessageProperty: (msg: Record<string, unknown>, path: string) => msg[path],
      setMessageProperty(msg: Record<string, unknown>, path: string, value: unknown) {
        msg[path] = value;
        return true;
      },
    },
    settings: { userDir, httpNodeRoot: '/' },
    auth: { needsPermission: () => () => {} },
    httpAdmin: routes,
    comms: { publish() {} },
    events,
  };
  let feed: (event: Event) => void = () => {};
  axios.getAdapter = (() => async (config: InternalAxiosRequestConfig) => {
    const url = String(config.url).slice(ORIGIN.length);
    const method = String(config.method).toUpperCase();
    const conversation = method === 'POST' ? SEND.exec(url)?.[1] : undefined;
    const { status, body } =
      conversation === undefined
        ? answerTo(method, url)
        : { status: 201, body: { success: true, data: messageOf(conversation, 'How many?', false) } };
    if (conversation !== undefined && answers()) {
      setImmediate(() => {
        const message = { ...messageOf(conversation, ANSWER, true), text: ANSWER } as Event['message'];
        feed({
          name: 'message.received',
          conversationId: conversation,
          messageId: message?.id,
          message,
          original: {},
        } as Event);
      });
    }
    const headers = new AxiosHeaders({ 'content-type': 'application/json' });
    return { status, statusText: '', headers, data: JSON.stringify(body), config, request: {} };
  }) as unknown as typeof axios.getAdapter;
  linktor(red as unknown as RED);
  const make = (id: string, type: string, config: object): StubNode => {
    const node = new StubNode(id, type);
    nodes.set(id, node);
    types.get(type)?.call(node, { id, type, ...config });
    return node;
  };
  const account = make('account', 'linktor-config', {
    ...{ baseUrl: ORIGIN, contract: 'api', signIn: 'apiKey', keepIn, reconnectInterval: 60_000 },
  }) as StubNode & {
    account: { realtime(): { feed(event: Event, source: 'test'): void }; dialogues(): { ready(): Promise<void> } };
  };
  const words = { kind: 'number', question: 'How many?', questionType: 'str' };
  const node = make('ask', 'linktor-ask', { config: 'account', ...words, timeout: 1, timeoutUnit: 'd' });
  feed = (event) => account.account.realtime().feed(event, 'test');
  events.emit('flows:started');
  const waiting = new Map<unknown, (msg: unknown) => void>();
  node.send = (ports) => {
    const [msg] = ports as { conversationId: string }[];
    waiting.get(msg?.conversationId)?.(msg);
  };
  return {
    ready: () => account.account.dialogues().ready(),
    ask(conversationId, answered) {
      waiting.set(conversationId, answered);
      return new Promise((resolve, reject) => {
        const done = (error?: Error) => (error ? reject(error) : resolve());
        node.emit('input', { conversationId, payload: 'kept' }, node.send, done);
      });
    },
    async close() {
      for (const one of [node, account]) await new Promise<void>((done) => void one.emit('close', false, done));
    },
  };
}
