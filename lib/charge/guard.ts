import { fold } from '../text';

/** Conversations tracked at a time; the one silent for longest is evicted. */
const MAX_WATCHED = 10_000;
/** UTF-16 units at the beginning, and at the end, of a text that is compared. */
const MAX_COMPARED = 500;

/** Counts recent automatic answers per conversation: two bots could otherwise answer each other forever. */
export class AnswerRate {
  readonly #most: number;
  readonly #withinMs: number;
  readonly #passed = new Map<string, number[]>();

  /** @param most number of answers within `withinMs` milliseconds */
  constructor(most: number, withinMs: number) {
    this.#most = most;
    this.#withinMs = withinMs;
  }

  /** @returns whether one more answer may be sent; it then counts */
  pass(conversationId: string, now: number): boolean {
    const recent = (this.#passed.get(conversationId) ?? []).filter((at) => now - at < this.#withinMs);
    const mayPass = recent.length < this.#most;
    if (mayPass) recent.push(now);
    keep(this.#passed, conversationId, recent);
    return mayPass;
  }
}

/** Detects repeated texts of the same person. */
export class Repeats {
  readonly #withinMs: number;
  readonly #last = new Map<string, { text: string; at: number }>();

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  /** @returns true for a text that this person wrote recently; each occurrence restarts the time */
  isRepeated(person: string, given: string, now: number): boolean {
    const text = comparable(given);
    const last = this.#last.get(person);
    keep(this.#last, person, { text, at: now });
    return text !== '' && last?.text === text && now - last.at < this.#withinMs;
  }
}

/** @returns what tells texts apart, of bounded length: people write 100 KB if they like */
function comparable(given: string): string {
  const [head, tail] = [given.slice(0, MAX_COMPARED), given.slice(MAX_COMPARED).slice(-MAX_COMPARED)];
  return tail === '' ? fold(head) : `${given.length} ${fold(head)} ${fold(tail)}`;
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_WATCHED) map.delete(map.keys().next().value as string);
}
