import { Problem } from './problem';

export interface Fault {
  /** Number of requests still to fail. */
  count: number;
  status: number;
  /** Break the connection instead of answering. */
  reset: boolean;
  /** Carry out the request first, then fail. */
  after: boolean;
  /** Fail the next sends after storing the message. */
  stored: boolean;
  headers: Record<string, string>;
  body: unknown;
  method?: string;
  /** Part of the path, or the whole path with `*` for any text. */
  path?: string;
}

/** One request in the report of the control routes. `status` is 0 while it runs and after a broken connection. */
export interface LoggedRequest {
  method: string;
  path: string;
  query: string;
  status: number;
  idempotencyKey?: string;
}

const MAX_LOGGED_REQUESTS = 200;

/** Planned failures, limits, and the log of requests. */
export class Faults {
  /** Delay before any request of the API is handled, in milliseconds. */
  latency = 0;
  /** Time after which the connection of a slow request breaks while its work goes on, in milliseconds; 0 is never. */
  cutoff: number;
  /** Delay between accepting and storing an inbound message, in milliseconds. */
  storeDelayMs = 0;
  /** Services of the self-hosted server that are down. */
  readonly outage = { database: false, nats: false };
  /** Requests since the last reset. */
  total = 0;
  /** Requests beyond the limit since the last reset. */
  limited = 0;
  readonly requests: LoggedRequest[] = [];
  #plannedFaults: Fault[] = [];
  #limit = { requests: 0, windowMs: 60_000 };
  #window = { endsAt: 0, used: 0 };
  readonly #usualCutoff: number;

  /** @param usualCutoff initial `cutoff`, in milliseconds */
  constructor(usualCutoff: number) {
    this.#usualCutoff = usualCutoff;
    this.cutoff = usualCutoff;
  }

  reset(): void {
    this.latency = 0;
    this.cutoff = this.#usualCutoff;
    this.storeDelayMs = 0;
    this.outage.database = false;
    this.outage.nats = false;
    this.total = 0;
    this.limited = 0;
    this.requests.length = 0;
    this.#plannedFaults = [];
    this.limit(0);
  }

  logRequest(request: LoggedRequest): LoggedRequest {
    this.total += 1;
    this.requests.push(request);
    if (this.requests.length > MAX_LOGGED_REQUESTS) this.requests.shift();
    return request;
  }

  /** Plans a failure; a count of 0 cancels all planned failures. */
  plan(fault: Fault): void {
    if (fault.count === 0) this.#plannedFaults = [];
    else this.#plannedFaults.push(fault);
  }

  /**
   * The planned failure of this request, counted as used.
   *
   * @param named consider only failures planned for a path; the others do not apply to sockets
   */
  takeFault(method: string, path: string, named = false): Fault | undefined {
    return this.#use(
      (plan) =>
        !plan.stored &&
        (plan.method === undefined || plan.method === method) &&
        (plan.path === undefined ? !named : matchesPath(plan.path, path)),
    );
  }

  /** The planned failure of a message that has just been stored, counted as used. */
  takeStoreFault(): Pick<Fault, 'status' | 'headers'> | undefined {
    if (this.outage.nats) return { status: 500, headers: {} };
    return this.#use(({ stored }) => stored);
  }

  /** Allows `requests` per window of `windowMs` milliseconds; 0 removes the limit. */
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
  countAgainstLimit(): Record<string, string> {
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
      this.limited += 1;
      const seconds = Math.max(1, Math.ceil((this.#window.endsAt - at) / 1000));
      throw new Problem(429, 'Too many requests', { headers: { ...headers, 'Retry-After': String(seconds) } });
    }
    this.#window.used += 1;
    return headers;
  }

  #use(hit: (plan: Fault) => boolean): Fault | undefined {
    const fault = this.#plannedFaults.find(hit);
    if (!fault) return undefined;
    fault.count -= 1;
    if (fault.count === 0) this.#plannedFaults.splice(this.#plannedFaults.indexOf(fault), 1);
    return fault;
  }
}

/** Compares a path with a pattern that may hold `*`, each part at its first place: in linear time per part. */
function matchesPath(pattern: string, path: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return path.includes(pattern);
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return path.length - last.length >= at && path.endsWith(last);
}
