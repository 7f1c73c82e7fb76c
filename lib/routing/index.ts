export { type GuessSettings, guessers, guessIntent } from './guess';
export { days, OpeningHours } from './hours';
export type { KnownContact, KnownConversation } from './read-rules';
export { type Guess, type Route, Router, type RouteSources } from './router';
export { type RouteFacts, type RouteRule, type RuleKind, ruleKinds } from './rules';
