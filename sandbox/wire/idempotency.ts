import { Problem } from './problem';
import type { Answer } from './router';

interface Entry {
  request: string;
  answer: Promise<Answer>;
}

/** Answers already given, by `Idempotency-Key`. */
export class IdempotencyCache {
  readonly #answers = new Map<string, Entry>();

  /**
   * Runs `work` once per key; a repeat, even one that comes while the first still runs, gets the first answer.
   *
   * @param request method and path; the same key for another request is a 409 problem
   */
  async once(key: string, request: string, work: () => Promise<Answer>): Promise<Answer> {
    const known = this.#answers.get(key);
    if (known) {
      if (known.request !== request) throw new Problem(409, 'This Idempotency-Key belongs to another request');
      return known.answer;
    }
    const entry = { request, answer: work() };
    this.#answers.set(key, entry);
    try {
      return await entry.answer;
    } catch (error) {
      // Nothing was stored, so the key may be used again.
      if (this.#answers.get(key) === entry) this.#answers.delete(key);
      throw error;
    }
  }

  clear(): void {
    this.#answers.clear();
  }
}
