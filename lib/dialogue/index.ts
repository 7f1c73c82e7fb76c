export {
  type Asker,
  type Awaited,
  awaitable,
  type Dialogue,
  type DialoguePlace,
  type Ending,
  type EndReason,
  type Said,
  type Step,
} from './dialogue';
export { type Another, type Claimed, Dialogues, type DialoguesSettings, spoken } from './dialogues';
