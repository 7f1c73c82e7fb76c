import type { IncomingHttpHeaders } from 'node:http';

/** The authenticated caller. */
export interface Caller {
  userId: string;
  tenantId: string;
  /** The access token; absent for the API key. */
  token?: string;
  /** The role in the token, if it has one. */
  role?: string;
}

export interface Upload {
  name: string;
  filename: string;
  mimeType: string;
  data: Buffer;
}

export interface Call {
  method: string;
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Parsed JSON, the text fields of a multipart form, or undefined. */
  body: unknown;
  files: Upload[];
  caller: Caller;
}

export interface Answer {
  status: number;
  /** Sent as JSON; a string or a Buffer is sent unchanged. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Server-sent events, each one `data` line. */
  events?: string[];
}

export type Handler = (call: Call) => Answer | Promise<Answer>;

interface Route {
  handler: Handler;
  /** Answered without credentials. */
  open: boolean;
}

type Match = { route: Route; params: Record<string, string> } | { allow: string[] };

interface Branch {
  fixed: Map<string, Branch>;
  named?: Branch;
  routes: Map<string, Route & { names: string[] }>;
}

/** Finds the handler of a method and a path. A fixed segment wins over `:name` in the same place. */
export class Router {
  readonly #root = branch();
  readonly #adapt: ((answer: Answer) => Answer) | undefined;

  /** @param adapt changes every answer of a handler */
  constructor(adapt?: (answer: Answer) => Answer) {
    this.#adapt = adapt;
  }

  /**
   * @param pattern path with `:name` segments
   * @param options.open true when no credentials are needed
   */
  on(method: string, pattern: string, handler: Handler, { open = false } = {}): this {
    let at = this.#root;
    const names: string[] = [];
    for (const segment of segments(pattern)) {
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        at.named ??= branch();
        at = at.named;
      } else {
        const next = at.fixed.get(segment) ?? branch();
        at.fixed.set(segment, next);
        at = next;
      }
    }
    const adapt = this.#adapt;
    const adapted: Handler = adapt ? async (call) => adapt(await handler(call)) : handler;
    at.routes.set(method, { handler: adapted, open, names });
    return this;
  }

  /** The route, or the verbs that the path allows instead; undefined when no route has this path. */
  find(method: string, path: string): Match | undefined {
    const allow = new Set<string>();
    const parts = segments(path);
    for (const { leaf, values } of leaves(this.#root, parts, [])) {
      const route = leaf.routes.get(method);
      if (route) return { route, params: Object.fromEntries(route.names.map((name, i) => [name, values[i] ?? ''])) };
      for (const verb of leaf.routes.keys()) allow.add(verb);
    }
    return allow.size > 0 ? { allow: [...allow] } : undefined;
  }
}

function branch(): Branch {
  return { fixed: new Map(), routes: new Map() };
}

function segments(path: string): string[] {
  return path.split('/').slice(1);
}

function* leaves(at: Branch, parts: string[], values: string[]): Generator<{ leaf: Branch; values: string[] }> {
  const [head, ...rest] = parts;
  if (head === undefined) {
    yield { leaf: at, values };
    return;
  }
  const fixed = at.fixed.get(head);
  if (fixed) yield* leaves(fixed, rest, values);
  if (at.named && head !== '') yield* leaves(at.named, rest, [...values, decode(head)]);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });
export const noContent = (): Answer => ({ status: 204 });
