export { BoundedRunner } from './bounded';
export { anyOf, asciiDigits, type Chosen, choose, MAX_ANSWER_LENGTH, numberIn, type Offered } from './choices';
export { type Command, commandOf, commandTest } from './command';
export { describe } from './describe';
export { plainFigures, readFigure } from './figures';
export { glob, globs } from './glob';
export { digitsOf, readList } from './lists';
export { escapedFor, MARKUPS, type Markup, type MarkupStyle, renderMarkup } from './markup';
export {
  cleanId,
  cleanKey,
  composed,
  fold,
  foldLoosely,
  isBlank,
  keyAlone,
  looseForm,
  normalised,
  rememberingFold,
  tidy,
  trimPasted,
} from './normalise';
export { type Captures, Patterns } from './patterns';
export { type TextRule, textRule, textRules } from './rules';
export { LAST_TIME, readDay, readTime } from './times';
export { calendarDay, dayNumber, Zone } from './zone';
