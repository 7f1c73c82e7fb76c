import { channel } from 'node:diagnostics_channel';
import type { Call } from '../contract';
import { type ErrorCode, toLinktorError } from '../errors';
import { resourceOf, routeOf } from './route';
import { Spending } from './spending';

/** Number of calls with the same outcome, since the client was created. */
export interface CallCount {
  method: string;
  /** the first part of the path, such as `conversations`; `other` for a path outside the contracts */
  resource: string;
  outcome: 'ok' | ErrorCode;
  count: number;
}

/** Durations of calls, with all attempts and waits. */
export interface CallDurations {
  count: number;
  /** seconds */
  sum: number;
  /** number of calls that took at most `le` seconds */
  buckets: readonly { le: number; count: number }[];
}

/** The data of a call for monitoring tools: no texts, no ids, no credentials. */
export interface CallRecord {
  method: string;
  resource: string;
  /** W3C trace context, sent as a header; a subscriber of the start channel may set it */
  traceparent?: string;
  /** of the end */
  outcome?: CallCount['outcome'];
  status?: number;
  durationMs?: number;
}

/** A call that has ended, for a log: no texts and no credentials. */
export interface EndedCall {
  method: string;
  /** ids are `:id`, as in `/conversations/:id/messages` */
  route: string;
  outcome: CallCount['outcome'];
  /** status of the last answer, if any */
  status?: number;
  durationMs: number;
  /** the server's id of the request */
  requestId?: string;
}

/** Data recorded about a call while it is running. */
export interface Observation {
  traceparent?: string | undefined;
  status?: number | undefined;
  requestId?: string | undefined;
}

/**
 * Channels of `node:diagnostics_channel` for the start and the end of a call, with the same {@link CallRecord}. The
 * start is published before the request is sent.
 */
export const CALL_START_CHANNEL = 'linktor:call:start';
export const CALL_END_CHANNEL = 'linktor:call:end';
const started = channel(CALL_START_CHANNEL);
const ended = channel(CALL_END_CHANNEL);

/** Seconds, by Prometheus conventions, with longer ones for slow models. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/** @returns a W3C trace context, if it is one */
export function traceparentIn(given: unknown): string | undefined {
  return typeof given === 'string' && TRACEPARENT.test(given) ? given : undefined;
}

type Observed = Pick<Call<unknown>, 'method' | 'path'>;

/** Counts the calls of a client, and publishes them to monitoring tools. Nearly free without subscribers. */
export class CallFigures {
  readonly #onEnd: ((ended: EndedCall) => void) | undefined;
  readonly #counts = new Map<string, CallCount>();
  /** number of calls by their smallest bucket */
  readonly #buckets = BUCKETS.map(() => 0);
  #count = 0;
  #sum = 0;
  /** attempts after the first one of a call */
  retries = 0;
  readonly spending = new Spending();

  /** @param onEnd called after every call; must not throw */
  constructor(onEnd?: (ended: EndedCall) => void) {
    this.#onEnd = onEnd;
  }

  get counts(): CallCount[] {
    return [...this.#counts.values()].map((one) => ({ ...one }));
  }

  get durations(): CallDurations {
    return {
      count: this.#count,
      sum: this.#sum,
      buckets: BUCKETS.map((le, index) => ({
        le,
        count: this.#buckets.slice(0, index + 1).reduce((sum, count) => sum + count, 0),
      })),
    };
  }

  /** @param work performs the call, sends the `traceparent` of the observation, and records the response in it */
  async observe<T>(
    call: Observed,
    traceparent: string | undefined,
    work: (observation: Observation) => Promise<T>,
  ): Promise<T> {
    const { observation, end } = this.begin(call, traceparent);
    try {
      const result = await work(observation);
      end();
      this.spending.note(call.path, result);
      return result;
    } catch (error) {
      end(error);
      this.spending.note(call.path, error);
      throw error;
    }
  }

  /** Record the start of a call. @returns `end`, to be called at its end, with the error if any */
  begin(call: Observed, traceparent?: string): { observation: Observation; end: (error?: unknown) => void } {
    const { method, path } = call;
    const record: CallRecord = { method, resource: resourceOf(path) };
    if (traceparent !== undefined) record.traceparent = traceparent;
    if (started.hasSubscribers) started.publish(record);
    const observation: Observation = { traceparent: traceparentIn(record.traceparent) };
    const began = performance.now();
    const end = (error?: unknown) => {
      const problem = error === undefined ? undefined : toLinktorError(error);
      const outcome = problem?.code ?? 'ok';
      const durationMs = performance.now() - began;
      this.#add(record, outcome, durationMs);
      const { status = problem?.cause.status, requestId } = observation;
      this.#onEnd?.({
        method,
        route: routeOf(path),
        outcome,
        durationMs,
        ...(status !== undefined && { status }),
        ...(requestId !== undefined && { requestId }),
      });
      if (!ended.hasSubscribers) return;
      Object.assign(record, { outcome, durationMs, ...(status !== undefined && { status }) });
      ended.publish(record);
    };
    return { observation, end };
  }

  #add({ method, resource }: CallRecord, outcome: CallCount['outcome'], durationMs: number): void {
    const key = `${method} ${resource} ${outcome}`;
    const known = this.#counts.get(key);
    if (known) known.count++;
    else this.#counts.set(key, { method, resource, outcome, count: 1 });
    const seconds = durationMs / 1000;
    this.#count++;
    this.#sum += seconds;
    const index = BUCKETS.findIndex((le) => seconds <= le);
    if (index >= 0) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
  }
}
