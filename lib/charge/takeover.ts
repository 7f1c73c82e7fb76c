import type { TakeoverEnd, TakeoverSign } from './signs';

/** Reason for a takeover: a sign, a keyword of the staff, or a flow. */
export type TakeoverReason = TakeoverSign | 'word' | 'flow';

/** Reason for the end of a takeover: a sign, a keyword of the staff, the time, a flow, or a user of the editor. */
export type ReturnReason = TakeoverEnd | 'word' | 'time' | 'flow' | 'hand';

/** A conversation that a person has taken over, as stored in the ledger. Times are milliseconds of the clock. */
export interface Takeover {
  conversationId: string;
  reason: TakeoverReason;
  /** id of the person, if known */
  by?: string;
  since: number;
  /** time of the person's last sign */
  last: number;
  /** automatic end; if absent, only explicit events end the takeover */
  until?: number;
  /** it has ended, and the flow has not been informed of the stretch yet */
  ended?: number;
}

/** A period with a person in charge, for the flow that resumes. */
export type Stretch = Pick<Takeover, 'by' | 'reason'> & { from: number; to: number };
