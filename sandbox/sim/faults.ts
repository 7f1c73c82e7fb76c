import { Problem } from '../wire/problem';

export interface Fault {
  /** How many more requests it hits. */
  count: number;
  status: number;
  /** Break the connection instead of answering. */
  reset: boolean;
  /** Do what was asked first, then fail. */
  after: boolean;
  /** Hit the next messages sent, once they are stored. */
  stored: boolean;
  headers: Record<string, string>;
  body: unknown;
  method?: string;
  /** Part of the path; with `*` for any text it is the whole path. */
  path?: string;
}

/** One request, as the control routes tell it. `status` is 0 while it runs and when its connection was broken. */
export interface Seen {
  method: string;
  path: string;
  query: string;
  status: number;
  idempotencyKey?: string;
}

const REMEMBERED = 200;

/** What goes wrong on purpose, and what has been asked so far. */
export class Faults {
  /** Milliseconds before any request of the API is looked at. */
  latency = 0;
  /** Milliseconds after which a connection breaks although the work on its request goes on; 0 is never. */
  cutoff: number;
  /** Requests since the last reset. */
  total = 0;
  readonly requests: Seen[] = [];
  #planned: Fault[] = [];
  #limit = { requests: 0, windowMs: 60_000 };
  #window = { endsAt: 0, used: 0 };

  /** @param usualCutoff what `cutoff` is to begin with */
  constructor(private readonly usualCutoff: number) {
    this.cutoff = usualCutoff;
  }

  reset(): void {
    this.latency = 0;
    this.cutoff = this.usualCutoff;
    this.total = 0;
    this.requests.length = 0;
    this.#planned = [];
    this.limit(0);
  }

  note(seen: Seen): Seen {
    this.total += 1;
    this.requests.push(seen);
    if (this.requests.length > REMEMBERED) this.requests.shift();
    return seen;
  }

  /** Plans a failure; a count of 0 calls off everything planned. */
  plan(fault: Fault): void {
    if (fault.count === 0) this.#planned = [];
    else this.#planned.push(fault);
  }

  /**
   * The failure this request is to meet, counted as used.
   *
   * @param named only failures planned for a path count (a socket is not hit by the others)
   */
  take(method: string, path: string, named = false): Fault | undefined {
    return this.#use(
      (plan) =>
        !plan.stored &&
        (plan.method === undefined || plan.method === method) &&
        (plan.path === undefined ? !named : fits(plan.path, path)),
    );
  }

  /** The failure that a message which has just been stored is to meet, counted as used. */
  takeStored(): Fault | undefined {
    return this.#use(({ stored }) => stored);
  }

  /** Lets `requests` through in each window of `windowMs` milliseconds; 0 is no limit. */
  limit(requests: number, windowMs = 60_000): void {
    this.#limit = { requests, windowMs };
    this.#window = { endsAt: 0, used: 0 };
  }

  /**
   * Counts one request against the limit.
   *
   * @returns the `X-RateLimit-*` headers, none without a limit
   * @throws a 429 problem with `Retry-After` in seconds
   */
  admit(): Record<string, string> {
    const { requests, windowMs } = this.#limit;
    if (requests === 0) return {};
    const at = Date.now();
    if (at >= this.#window.endsAt) this.#window = { endsAt: at + windowMs, used: 0 };
    const headers = {
      'X-RateLimit-Limit': String(requests),
      'X-RateLimit-Remaining': String(Math.max(0, requests - this.#window.used - 1)),
      'X-RateLimit-Reset': String(Math.ceil(this.#window.endsAt / 1000)),
    };
    if (this.#window.used >= requests) {
      const seconds = Math.max(1, Math.ceil((this.#window.endsAt - at) / 1000));
      throw new Problem(429, 'Too many requests', { headers: { ...headers, 'Retry-After': String(seconds) } });
    }
    this.#window.used += 1;
    return headers;
  }

  #use(hit: (plan: Fault) => boolean): Fault | undefined {
    const fault = this.#planned.find(hit);
    if (!fault) return undefined;
    fault.count -= 1;
    if (fault.count === 0) this.#planned.splice(this.#planned.indexOf(fault), 1);
    return fault;
  }
}

function fits(pattern: string, path: string): boolean {
  if (!pattern.includes('*')) return path.includes(pattern);
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`).test(path);
}
