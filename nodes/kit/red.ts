import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The part of Node-RED's API that this package uses. The published types are wrong in many places, so these are our
 * own; the only cast is in `runningNode`.
 */
export interface RED {
  nodes: {
    createNode(node: RunningNode, stored: Stored): void;
    registerType(
      type: string,
      construct: (this: RunningNode, stored: Stored) => void,
      options?: { credentials?: Record<string, { type: 'text' | 'password' }> },
    ): void;
    /** use `runningNode` */
    getNode(id: string): unknown;
    /** visits every deployed node in its stored form, including disabled ones */
    eachNode(visit: (stored: StoredNode) => void): void;
    getCredentials(id: string): Record<string, string> | undefined;
  };
  util: {
    cloneMessage<T extends Msg>(msg: T): T;
    getMessageProperty(msg: object, path: string): unknown;
    setMessageProperty(msg: object, path: string, value: unknown, createMissing: boolean): boolean;
    /** throws at once for bad expressions and bad JSON */
    evaluateNodeProperty(
      value: string,
      type: string,
      node: RunningNode,
      msg: object,
      done: (error: unknown, value: unknown) => void,
    ): void;
    /** an environment variable in the scope of the node: its group, its flow, or the process */
    getSetting(node: RunningNode, name: string): unknown;
    /** names and indices of a path @throws for an invalid path */
    normalisePropertyExpression(path: string): unknown[];
    parseContextStore(path: string): { key: string; store?: string };
  };
  settings: {
    httpNodeRoot?: unknown;
    httpNodeAuth?: unknown;
    httpNodeMiddleware?: HttpHandler | HttpHandler[];
    runtimeSyncDelivery?: unknown;
    userDir?: unknown;
    /** id of this Node-RED, stored in its user directory */
    instanceId?: unknown;
    contextStorage?: unknown;
    lang?: unknown;
    /** settings of this package */
    linktor?: { files?: unknown };
  };
  auth: { needsPermission(permission: string): AdminHandler };
  /** the Express application of the editor; without an editor an object that only accepts routes */
  httpAdmin: Partial<HttpApp> & Record<'get' | 'post', (path: string, ...handlers: AdminHandler[]) => void>;
  /** the Express application with the HTTP routes of nodes; absent when Node-RED is embedded without one */
  httpNode?: HttpApp;
  /** the server with all HTTP routes; absent when Node-RED is embedded without one */
  server?: HttpServer;
  comms: { publish(topic: string, data: unknown, retain: boolean): void };
  events: EventEmitter;
  version?(): string;
}

/** A message of a flow. */
export type Msg = Record<string, unknown> & { _msgid?: string };

/** A node in its stored form. */
export type Stored = Record<string, unknown>;
export type StoredNode = Stored & { id: string; type: string };

export type Send = (msg: unknown) => void;
export type Done = (error?: Error) => void;

/** A running node. */
export interface RunningNode {
  id: string;
  /** id of the node in the subflow that this one is a copy of; the copy gets a new id with every start */
  _alias?: string;
  type: string;
  name?: string;
  /** set by Node-RED, with environment variables resolved */
  credentials: Record<string, string>;
  on(event: 'input', listener: (msg: Msg, send: Send, done: Done) => void): this;
  on(event: 'close', listener: (() => void) | ((removed: boolean, done: () => void) => void)): this;
  send(msg: unknown): void;
  error(error: unknown, msg?: object): void;
  warn(text: string): void;
  log(text: string): void;
  status(status: object): void;
  context(): Context & { flow: Context; global: Context };
}

/** A context of a node, a flow or all flows. All results come by callback, because a store may be asynchronous. */
export interface Context {
  get(key: string, done: (error: Error | undefined, value: unknown) => void): void;
  get(key: string, store: string | undefined, done: (error: Error | undefined, value?: unknown) => void): void;
  set(key: string, value: unknown, done: (error?: Error) => void): void;
  set(key: string, value: unknown, store: string | undefined, done: (error?: Error) => void): void;
  keys(store: string | undefined, done: (error: Error | undefined, keys?: unknown) => void): void;
}

/** A request to one of our routes for the editor; Node-RED has parsed the body. */
export interface AdminRequest {
  params: Record<string, string>;
  query: Record<string, unknown>;
  headers: IncomingMessage['headers'];
  body?: unknown;
}
export interface AdminResponse {
  status(code: number): AdminResponse;
  json(body: unknown): void;
}
export type AdminHandler = (request: AdminRequest, response: AdminResponse, next: () => void) => void;

/** A request to Node-RED's HTTP side. */
export type HttpRequest = IncomingMessage & { _body?: boolean; linktorBody?: Buffer };
export type HttpNext = (error?: unknown) => void;
export type HttpHandler = (request: HttpRequest, response: ServerResponse, next: HttpNext) => void;

/** Node-RED's server, with or without TLS. */
export interface HttpServer {
  on(event: 'connection' | 'secureConnection', listener: (socket: Socket) => void): unknown;
  off(event: 'connection' | 'secureConnection', listener: (socket: Socket) => void): unknown;
  setSecureContext?: unknown;
}

/** An Express application, with the stack of its router: Express 4 calls it `_router`, Express 5 `router`. */
export interface HttpApp {
  parent?: HttpApp;
  path(): string;
  use(handler: HttpHandler): void;
  _router?: HttpRouter;
  router?: HttpRouter;
}
export interface HttpRouter {
  stack: HttpLayer[];
}
export interface HttpLayer {
  handle: HttpHandler;
  name: string;
  /** absent where an application or a middleware is mounted */
  route?: { methods: Record<string, boolean | undefined> };
  match(path: string): boolean;
}

/**
 * @param id of a deployed node
 * @returns the running node, or undefined; the caller knows its specific properties
 */
export function runningNode<T extends object = RunningNode>(red: RED, id: unknown): T | undefined {
  return (red.nodes.getNode(String(id ?? '')) as T | null) ?? undefined;
}
