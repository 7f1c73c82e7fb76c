import { fold } from '../text';

/** Conversations that are watched at a time; the one that was silent for longest makes way. */
const MAX_WATCHED = 10_000;

/**
 * How many automatic answers a conversation has had lately: two bots that face each other would answer for ever.
 */
export class AnswerRate {
  readonly #most: number;
  readonly #withinMs: number;
  readonly #passed = new Map<string, number[]>();

  /** @param most answers within so many milliseconds */
  constructor(most: number, withinMs: number) {
    this.#most = most;
    this.#withinMs = withinMs;
  }

  /** @returns whether one more may pass; it then counts */
  pass(conversationId: string, now: number): boolean {
    const recent = (this.#passed.get(conversationId) ?? []).filter((at) => now - at < this.#withinMs);
    const mayPass = recent.length < this.#most;
    if (mayPass) recent.push(now);
    keep(this.#passed, conversationId, recent);
    return mayPass;
  }
}

/** Whether the same person says the same again. */
export class Repeats {
  readonly #withinMs: number;
  readonly #last = new Map<string, { text: string; at: number }>();

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  /** @returns true for a text that this person has written within the time; each one counts anew */
  isRepeated(person: string, given: string, now: number): boolean {
    const text = fold(given);
    const last = this.#last.get(person);
    keep(this.#last, person, { text, at: now });
    return text !== '' && last?.text === text && now - last.at < this.#withinMs;
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_WATCHED) map.delete(map.keys().next().value as string);
}
