export { type AnswerKind, type AnswerRules, answerKinds, type Choice, type Judged, judge, textOf } from './answer';
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
export { type Language, languageOf, languages } from './languages';
export { cancelWordsOf, type PhraseName, phrase, yesAndNo } from './phrases';
