export { anyOf, asciiDigits, type Chosen, choose, numberIn, type Offered } from './choices';
export { type Command, commandOf, commandTest } from './command';
export { describe } from './describe';
export { glob, globs } from './glob';
export { readList } from './lists';
export { cleanId, cleanKey, composed, fold, foldLoosely, tidy, trimPasted } from './normalise';
export { type Captures, Patterns } from './patterns';
export { type TextRule, textRule, textRules } from './rules';
export { readDay, readTime } from './times';
