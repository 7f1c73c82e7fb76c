import type { ErrorCode } from '../../../lib/errors';

/** What our admin routes say to the dialogs. No answer ever holds a credential. */

/** One entry of a pick list. */
export interface Item {
  /** the id */
  value: string;
  label: string;
  /** what tells it from others of the same name */
  detail?: string;
}

/** A part of a list. */
export interface Part {
  items: Item[];
  /** what to ask for to get the next part */
  next?: Record<string, string>;
}

/** A failure that is the user's to mend. */
export interface Refusal {
  ok: false;
  /** `not_deployed`: a config node that is only in the editor yet */
  code?: ErrorCode | 'not_deployed';
  message?: string;
  hint?: string;
}

export type Answer<T> = ({ ok: true } & T) | Refusal;

/** One thing that the test of a connection found out. */
export interface Finding {
  what:
    | 'server'
    | 'signIn'
    | 'contract'
    | 'features'
    | 'missing'
    | 'clock'
    | 'clockOff'
    | 'realtime'
    | 'nats'
    | 'natsShared'
    | 'memory'
    | 'memoryOnly'
    | 'outbox'
    | 'store'
    | 'storeEvicts'
    | 'storeForgets';
  /** undefined: neither good nor bad */
  ok?: boolean;
  /** what the words about it have room for */
  facts?: Record<string, string | number | readonly string[]>;
  problem?: Omit<Refusal, 'ok'>;
}

export interface Tested {
  findings: Finding[];
  /** plain text for a support case */
  diagnostics: string;
}
