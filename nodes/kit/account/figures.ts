import type { CallCount, CallDurations, LinktorClient } from '../../../lib/client/index';
import { toLinktorError } from '../../../lib/errors';
import type { FailureLog } from './failure-log';
import type { LiveSide } from './led-realtime';
import type { SentLog } from './sent-log';

/** What of an account has something to count. */
interface Counted {
  readonly sentLog: SentLog;
  readonly failures: FailureLog;
  client(): LinktorClient;
  realtimeIfOpen(): LiveSide | undefined;
}

/** What an account has done since it was deployed. No id, no number and no word of anybody is in it. */
export interface AccountFigures {
  calls: readonly CallCount[];
  durations: CallDurations;
  /** attempts after the first one of a call */
  retries: number;
  /** calls that wait for their turn or for the limit of the server */
  waiting: number;
  /** calls that the server still allows, where it says so */
  allowed?: number;
  /** messages that its nodes have sent, also before the deploy */
  sent: number;
  /** messages and other inputs that came to nothing, by the type of the node and the code of the error */
  failures: readonly { nodeType: string; code: string; count: number }[];
  /** the live side, once a node listens */
  connection?: {
    /** 1 while it stands */
    up: 0 | 1;
    state: string;
    subscriptions: number;
    counters: Readonly<Record<string, number>>;
  };
  /** why there is nothing to tell: the code of what is wrong with the account */
  problem?: string;
}

const noDurations: CallDurations = { count: 0, sum: 0, buckets: [] };

/** @returns the figures of an account; it is neither asked nor connected for them */
export function figuresOf(account: Counted): AccountFigures {
  const own = { sent: account.sentLog.total, failures: account.failures.counts };
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
