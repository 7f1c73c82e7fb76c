import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { invalid, LinktorError } from '../../../lib/errors';
import { runFenced } from '../fence';
import type { HttpApp as App, HttpHandler as Handler, HttpNext as Next, RED, HttpRequest as Request } from '../red';
import { Bodies, type BodyRefusal } from './bodies';
import { Connections } from './connections';
import { afterMiddleware } from './middleware';
import { ownerOf } from './owner';

/** An unmodified request: all values of all headers, and the raw bytes of the body. */
export interface HookRequest {
  headers: Readonly<NodeJS.Dict<string[]>>;
  body: Buffer;
}

export type HookRefusal = BodyRefusal | 'bad_encoding' | 'bad_type';

export interface Hook {
  /** below httpNodeRoot */
  path: string;
  /** owner of the path, named in the error of another node with the same path */
  owner: string;
  maxBytes: number;
  /** milliseconds that the body may take */
  timeoutMs: number;
  /** @returns the HTTP status of the response. Never throws, never rejects */
  receive(request: HookRequest): number | Promise<number>;
  /** handle a request refused before `receive`; its response has been sent. Never throws */
  refuse(reason: HookRefusal, headers: HookRequest['headers']): void;
}

export interface Hooks {
  /**
   * Serve requests on a path.
   * @returns the function that ends it
   * @throws LinktorError `validation` for an invalid path, `conflict` when the path has an owner
   */
  serve(hook: Hook): () => void;
}

const statusOf: Record<HookRefusal, number> = {
  too_large: 413,
  too_slow: 408,
  too_fragmented: 400,
  too_busy: 503,
  bad_encoding: 415,
  bad_type: 415,
};
/** Milliseconds that a refused sender may take to read the response. */
const REFUSAL_TIMEOUT_MS = 1000;

/**
 * The HTTP side of the package. With Node-RED's default settings a parser consumes the body before our routes run, and
 * without the raw bytes no signature can be verified. So the bodies of our own paths, and of no others, are captured
 * at the front of the stack, within limits because no authentication has happened yet.
 */
export function serveHooks(red: RED): Hooks {
  const hooks = new Map<string, Hook>();
  const connections = new Connections(red.server);
  const bodies = new Bodies(connections);
  const refused = new WeakSet<Socket>();
  const app = red.httpNode;
  const isOff = red.settings.httpNodeRoot === false;
  if (app && !isOff && typeof app.use === 'function') {
    const top = rootOf(app);
    const first: Handler = (request, response, next) => {
      // A refused connection is over: further requests on it are ignored.
      if (refused.has(request.socket)) return;
      const key = keyOf(app.path(), pathOf(request));
      const hook = hooks.get(key);
      if (!hook || request.method !== 'POST') return next();
      // A deploy may have replaced its node while the body arrived.
      const now = () => dispatch(hooks.get(key) ?? hook, request, response);
      const proceed = () => afterMiddleware(red, request, response, next, now);
      const refuse = (reason: HookRefusal) => {
        refused.add(request.socket);
        turnAway(request, response, reason);
        hook.refuse(reason, request.headersDistinct);
      };
      capture(bodies, hook, request, response, nothingBetween(top, app, first) ? proceed : next, refuse);
    };
    putFirst(top, first);
    app.use((request, response, next) => {
      const hook = hooks.get(pathOf(request));
      // A deploy has removed its node while the body arrived; perhaps its successor comes.
      if (!hook && request.linktorBody) return answer(response, 503);
      if (!hook) return next();
      afterMiddleware(red, request, response, next, () => dispatch(hook, request, response));
    });
  }
  return {
    serve(hook) {
      const key = normalised(hook.path);
      if (isOff || !app) throw new LinktorError('not_supported', 'HTTP is switched off in the settings of Node-RED.');
      const owner = hooks.get(key)?.owner ?? ownerOf(red, key);
      if (owner !== undefined) throw taken(hook.path, owner);
      if (hooks.size === 0) connections.watch();
      hooks.set(key, hook);
      return () => {
        if (hooks.get(key) !== hook) return;
        hooks.delete(key);
        if (hooks.size === 0) connections.unwatch();
      };
    },
  };
}

function taken(path: string, owner: string): LinktorError {
  return new LinktorError('conflict', `The path ${path} is taken: ${owner} answers there.`, {
    hint: 'Choose another path, such as /linktor/orders, and give the new address to the sender.',
  });
}

/** Normalise a path as Express matches it: without case and trailing slash. @throws LinktorError `validation` */
export function normalised(path: string): string {
  if (!/^\/?[\w\-./~%@]+$/.test(path) || path.split('/').includes('..')) {
    throw invalid(`"${path}" is not a path.`, 'Use letters, digits, - and _ between slashes.');
  }
  return trimmed(`/${path}`);
}

function trimmed(path: string): string {
  return path
    .replace(/\/{2,}/g, '/')
    .replace(/(.)\/$/, '$1')
    .toLowerCase();
}

/** @returns the path of a request without its query and without a slash at its end */
export function pathOf({ url = '/' }: Request): string {
  return trimmed(url.split('?', 1)[0] ?? '/');
}

/** Return the part of a path below httpNodeRoot. */
function keyOf(root: string, path: string): string {
  const base = trimmed(`${root}/`);
  if (base === '/') return path;
  return path.startsWith(`${base}/`) ? path.slice(base.length) : '';
}

function rootOf(app: App): App {
  return app.parent ? rootOf(app.parent) : app;
}

function putFirst(app: App, handler: Handler): void {
  app.use(handler);
  const { stack } = app._router ?? app.router ?? { stack: [] };
  const index = stack.findIndex((layer) => layer.handle === handler);
  stack.unshift(...stack.splice(index, 1));
}

/** Layers that Node-RED itself puts in front of node routes, and that do not matter for a request already read. */
const ownLayers = new Set(['query', 'expressInit', 'rawBodyCapture']);

/**
 * Return true when only Node-RED's editor is between our handler and our route: the request can then skip it. A
 * password or other layers of an administrator still get every request.
 */
function nothingBetween(top: App, app: App, first: Handler): boolean {
  const { stack } = top._router ?? top.router ?? { stack: [] };
  const names = stack.filter(({ handle }) => handle !== first).map(({ name }) => name);
  // The node routes are mounted last; the editor, if present, is the other mounted app.
  const inFront = names.slice(0, names.lastIndexOf('mounted_app') + 1).filter((name) => !ownLayers.has(name));
  return (
    app.parent === top && inFront.length > 0 && inFront.length <= 2 && inFront.every((name) => name === 'mounted_app')
  );
}

function capture(
  bodies: Bodies,
  { maxBytes, timeoutMs }: Hook,
  request: Request,
  response: ServerResponse,
  next: Next,
  refuse: (reason: HookRefusal) => void,
): void {
  const { 'content-encoding': encoding, 'content-type': type, 'content-length': length } = request.headers;
  if (encoding !== undefined && encoding !== 'identity') return refuse('bad_encoding');
  if (type !== undefined && !/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) return refuse('bad_type');
  if (Number(length ?? 0) > maxBytes) return refuse('too_large');
  bodies.read(request, response, {
    maxBytes,
    timeoutMs,
    refuse,
    done(body) {
      request.linktorBody = body;
      // Node-RED's parsers skip a body that has been read.
      request._body = true;
      next();
    },
  });
}

/** Refuse a request without reading the rest: the connection ends with the response. */
function turnAway(request: Request, response: ServerResponse, reason: HookRefusal): void {
  const end = () => {
    clearTimeout(timer);
    request.destroy();
  };
  const timer = setTimeout(end, REFUSAL_TIMEOUT_MS);
  response.writeHead(statusOf[reason], { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(JSON.stringify({ error: reason }), end);
}

/** seconds after which a sender may try again */
const RETRY_AFTER_S = 30;
const errorOf: Readonly<Record<number, string>> = { 401: 'unauthorized', 500: 'internal_error', 503: 'unavailable' };

function dispatch(hook: Hook, request: Request, response: ServerResponse): void {
  if (request.method !== 'POST') return write(response, 405, { error: 'method_not_allowed' }, { Allow: 'POST' });
  const taken = hook.receive({ headers: request.headersDistinct, body: request.linktorBody ?? Buffer.alloc(0) });
  if (taken instanceof Promise) runFenced(() => taken.then((status) => answer(response, status)), undefined);
  else answer(response, taken);
}

function answer(response: ServerResponse, status: number): void {
  const headers = status === 503 ? { 'Retry-After': String(RETRY_AFTER_S) } : {};
  write(response, status, status === 200 ? { received: true } : { error: errorOf[status] ?? 'bad_request' }, headers);
}

function write(response: ServerResponse, status: number, body: object, headers = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
