import type { AiFigures, CallCount, CallDurations, LinktorClient } from '../../../lib/client/index';
import { toLinktorError } from '../../../lib/errors';
import type { FailureLog } from './failure-log';
import type { LiveSide } from './led-realtime';
import type { SentLog } from './sent-log';

/** The parts of an account with counters. */
interface Counted {
  readonly sentLog: SentLog;
  readonly failures: FailureLog;
  client(): LinktorClient;
  realtimeIfOpen(): LiveSide | undefined;
  outboxIfOpen(): { pending(): number } | undefined;
}

/** Usage figures of an account since its deploy, without ids, phone numbers or texts of people. */
export interface AccountFigures {
  calls: readonly CallCount[];
  durations: CallDurations;
  /** attempts after the first one of a call */
  retries: number;
  /** tokens and cost of models, as far as the server tells them */
  ai?: AiFigures;
  /** calls waiting for their turn or for the rate limit of the server */
  waiting: number;
  /** calls that the server still allows, if reported */
  allowed?: number;
  /** messages that its nodes have sent, including before the deploy */
  sent: number;
  /** messages that wait in the durable outbox; with several instances those of the store are the leader's */
  outbox: number;
  /** failed messages and other inputs, by node type and error code */
  failures: readonly { nodeType: string; code: string; count: number }[];
  /** the live side, once a node listens */
  connection?: {
    /** 1 while connected */
    up: 0 | 1;
    state: string;
    subscriptions: number;
    counters: Readonly<Record<string, number>>;
  };
  /** error code of an account without figures */
  problem?: string;
}

const noDurations: CallDurations = { count: 0, sum: 0, buckets: [] };

/** @returns the figures of an account, without a call or a connection */
export function figuresOf(account: Counted): AccountFigures {
  const outbox = account.outboxIfOpen()?.pending() ?? 0;
  const own = { sent: account.sentLog.total, outbox, failures: account.failures.counts };
  try {
    const client = account.client();
    const { waiting, rate } = client.load;
    const realtime = account.realtimeIfOpen();
    const facts = realtime?.facts();
    return {
      ...client.figures,
      waiting: waiting + rate.waiting,
      ...(rate.remaining !== undefined && { allowed: rate.remaining }),
      ...own,
      ...(facts && {
        connection: {
          up: facts.state === 'open' ? 1 : 0,
          state: facts.state,
          subscriptions: facts.subscriptions,
          counters: { ...facts.counters },
        },
      }),
    };
  } catch (thrown) {
    const { code: problem } = toLinktorError(thrown);
    return { calls: [], durations: noDurations, retries: 0, waiting: 0, ...own, problem };
  }
}
