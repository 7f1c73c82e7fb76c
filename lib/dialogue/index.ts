export type { Another } from './admission';
export {
  type AnswerKind,
  type AnswerRules,
  answerKinds,
  type Choice,
  type Judged,
  judge,
  type PickedChoice,
  textOf,
} from './answer';
export type { Claimed } from './claiming';
export {
  type Asker,
  type Awaited,
  awaitable,
  type Dialogue,
  type DialoguePlace,
  type Ending,
  type EndReason,
  type Reply,
  type Step,
} from './dialogue';
export { Dialogues, type DialoguesSettings, type MissedIn } from './dialogues';
export {
  beginForm,
  CONFIRMING,
  confirmChoices,
  continueForm,
  type FormField,
  type FormRules,
  type FormState,
  type FormStep,
  missingOf,
  titleOf,
} from './form';
export { type Language, languageOf, languages } from './languages';
export { readYesNo } from './parse/yes-no';
export { isCancelWord, type PhraseName, phrase, steeringWords, yesAndNo } from './phrases';
export { QuietHours } from './quiet-hours';
export { spoken } from './spoken';
