import { detach } from '../../async/fence';
import { KeyedMutex } from '../../async/keyed-mutex';
import type { Conversation } from '../../model';
import { MAX_HELD_CHARS, MAX_WAITING_EVENTS } from '../bounds';
import type { ConversationCache } from '../conversation-cache';

/**
 * Runs the steps of a conversation in order while requests about it are running. Not a plain KeyedMutex: the number of
 * waiting events is bounded, and beyond it all steps stop waiting for their requests.
 */
export class WaitingRoom {
  readonly #conversations: Pick<ConversationCache, 'get'>;
  readonly #order = new KeyedMutex();
  readonly #onError: (error: unknown) => void;
  /** conversations that could not be fetched: waiting events do not request them again */
  readonly #notFound = new Set<string>();
  readonly #waits = new Set<() => void>();
  #events = 0;
  #chars = 0;
  /** too many events are waiting: no step waits for its request until there are fewer */
  #isCrowded = false;

  constructor(conversations: Pick<ConversationCache, 'get'>, onError: (error: unknown) => void) {
    this.#conversations = conversations;
    this.#onError = onError;
  }

  isBusy(conversationId: string): boolean {
    return this.#order.isBusy(conversationId);
  }

  get isEmpty(): boolean {
    return this.#order.isIdle;
  }

  /** Resolves when all steps that now wait have had their turn. */
  settled(): Promise<void> {
    return this.#order.settled();
  }

  /** Request the conversation again, even if that has failed for the events that wait now. */
  forgetFailure(conversationId: string): void {
    this.#notFound.delete(conversationId);
  }

  /**
   * Part of a step: look up its conversation.
   * @param asked a running request
   * @returns undefined when it is unavailable, or too many events are waiting
   */
  async lookUp(
    conversationId: string,
    asked?: Conversation | Promise<Conversation | undefined>,
  ): Promise<Conversation | undefined> {
    if (this.#notFound.has(conversationId)) return undefined;
    const found = asked ?? this.#conversations.get(conversationId);
    if (!(found instanceof Promise)) return found;
    const fetched = await this.orGiveUp(found);
    if (!fetched) this.#notFound.add(conversationId);
    return fetched;
  }

  /** Queue a step that holds an event. @param chars length of its frame */
  enter(conversationId: string, chars: number, step: () => Promise<void>): void {
    this.#events++;
    this.#chars += chars;
    this.run(conversationId, async () => {
      this.#events--;
      this.#chars -= chars;
      if (this.#events < MAX_WAITING_EVENTS / 2 && this.#chars < MAX_HELD_CHARS / 2) this.#isCrowded = false;
      await step();
    });
    if (this.#events < MAX_WAITING_EVENTS && this.#chars < MAX_HELD_CHARS) return;
    this.#isCrowded = true;
    for (const giveUp of this.#waits) giveUp();
    this.#waits.clear();
  }

  /** Queue a step that holds no event. */
  run(conversationId: string, step: () => Promise<void>): void {
    detach(
      this.#order
        .run(conversationId, step)
        .catch(this.#onError)
        .then(() => {
          if (!this.#order.isBusy(conversationId)) this.#notFound.delete(conversationId);
        }),
    );
  }

  /** @returns the result of `asked`; undefined when too many events are waiting */
  orGiveUp<T>(asked: Promise<T>): Promise<T | undefined> {
    if (this.#isCrowded) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const giveUp = () => resolve(undefined);
      this.#waits.add(giveUp);
      asked.then(resolve, reject).finally(() => this.#waits.delete(giveUp));
    });
  }
}
