export { AnswerRate, Repeats } from './guard';
export { heldBack, isHeldBack, PERSON_IN_CHARGE } from './held-back';
export { IdleWatch } from './idle-watch';
export { optReplyOf } from './opt-out-words';
export { OPTED_OUT, OptOuts, type Person } from './opt-outs';
export { mayBeSign, type TakeoverEnd, type TakeoverSign, takeoverEnds, takeoverSigns } from './signs';
export type { ReturnReason, Stretch, Takeover, TakeoverReason } from './takeover';
export { Takeovers } from './takeovers';
