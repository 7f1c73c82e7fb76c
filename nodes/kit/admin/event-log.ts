import type { Delivery, Realtime } from '../../../lib/realtime/index';
import type { Line } from '../../sidebar/types';

const MAX_LINES = 50;
const MAX_WORD_LENGTH = 80;

/**
 * The last events of one account, without a word of what people said: only how long it was. It is a mere onlooker, so
 * the connection is neither opened nor kept for it.
 */
export class EventLog {
  readonly #number: () => number;
  readonly #changed: () => void;
  #lines: Line[] = [];
  #followed: Realtime | undefined;
  #ends: (() => void)[] = [];

  /**
   * @param number the number of the next line, above all earlier ones
   * @param changed told of every event and every change of the connection
   */
  constructor(number: () => number, changed: () => void) {
    this.#number = number;
    this.#changed = changed;
  }

  /** Hear this connection from now on and no other; what is here stays. */
  follow(realtime: Realtime | undefined): void {
    if (realtime === this.#followed) return;
    this.end();
    this.#followed = realtime;
    if (!realtime) return;
    this.#ends = [realtime.observe((delivery) => this.#note(delivery)), realtime.onState(() => this.#changed())];
  }

  /** @returns the lines above this number, oldest first */
  after(number: number): Line[] {
    return this.#lines.filter((line) => line.number > number);
  }

  end(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#followed = undefined;
  }

  #note({ event, conversation, source, receivedAt, recovered }: Delivery): void {
    const { name, conversationId, message, status } = event;
    this.#lines.push({
      number: this.#number(),
      at: receivedAt,
      event: cappedWord(name) ?? '',
      source,
      recovered,
      channelType: cappedWord(conversation?.channelType),
      conversationId: cappedWord(conversationId),
      senderType: cappedWord(message?.senderType),
      contentType: cappedWord(message?.contentType),
      length: (message?.text ?? message?.media?.caption)?.length,
      status: cappedWord(message?.status ?? status),
    });
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    this.#changed();
  }
}

/** A server may send what it likes where a word is expected. */
function cappedWord(given: unknown): string | undefined {
  return typeof given === 'string' && given !== '' ? given.slice(0, MAX_WORD_LENGTH) : undefined;
}
