import type { TakeoverEnd, TakeoverSign } from './signs';

/** Why somebody is in charge: a sign, a word of the staff, or a flow that has asked for it. */
export type TakeoverReason = TakeoverSign | 'word' | 'flow';

/** Why a takeover has ended: a sign, a word of the staff, the time, a flow, or a user of the editor. */
export type ReturnReason = TakeoverEnd | 'word' | 'time' | 'flow' | 'hand';

/** A conversation that a person has taken over: what lies in the ledger. Times are milliseconds of the clock. */
export interface Takeover {
  conversationId: string;
  reason: TakeoverReason;
  /** id of the person, where it is known */
  by?: string;
  since: number;
  /** of the last sign of the person */
  last: number;
  /** it ends by itself then; without it only by hand, or by what ends every takeover */
  until?: number;
  /** it is over, and the flow has not been told yet what has happened meanwhile */
  ended?: number;
}

/** A stretch in which a person was in charge, for the flow that goes on. */
export type Stretch = Pick<Takeover, 'by' | 'reason'> & { from: number; to: number };
