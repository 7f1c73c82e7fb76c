import type { Delivery } from '../../../lib/realtime/index';
import type { Line } from '../../sidebar/types';
import type { Account } from '../account/account';
import type { CallFailure, FailureLog } from '../account/failure-log';
import type { LiveSide } from '../account/led-realtime';
import { failureOf } from '../to-msg';

const MAX_LINES = 100;
const MAX_WORD_LENGTH = 80;

interface Followed {
  realtime?: LiveSide;
  failures?: FailureLog;
}

/**
 * The last events of one account, with the length of messages but not their text. The log is passive: it neither opens
 * the connection nor keeps it open.
 */
export class EventLog {
  readonly #number: () => number;
  readonly #changed: () => void;
  /** a ring, since every event writes a line: `#next` is the place of the oldest one */
  readonly #lines: Line[] = [];
  #next = 0;
  #followed: Followed = {};
  #ends: (() => void)[] = [];

  /**
   * @param number returns the number of the next line, above all earlier ones
   * @param changed called after every event and every change of the connection
   */
  constructor(number: () => number, changed: () => void) {
    this.#number = number;
    this.#changed = changed;
  }

  /** Follow this account instead of the previous one; existing lines stay. */
  follow(account: Account | undefined): void {
    const [realtime, failures] = [account?.realtimeIfOpen(), account?.failures];
    if (realtime === this.#followed.realtime && failures === this.#followed.failures) return;
    this.end();
    this.#followed = { realtime, failures };
    if (failures) this.#ends.push(failures.onFailure((failed) => this.#noteFailure(failed)));
    if (!realtime) return;
    this.#ends.push(
      realtime.observe((delivery) => this.#note(delivery)),
      realtime.onState(() => this.#changed()),
    );
  }

  /** @returns the lines above this number, oldest first */
  after(number: number): Line[] {
    const inOrder = [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
    return inOrder.filter((line) => line.number > number);
  }

  end(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#followed = {};
  }

  #noteFailure({ at, code, nodeType, conversationId }: CallFailure): void {
    const number = this.#number();
    this.#add({
      number,
      at,
      event: 'call.failed',
      source: 'call',
      recovered: false,
      nodeType,
      status: code,
      conversationId,
    });
  }

  #add(line: Line): void {
    this.#lines[this.#next] = line;
    this.#next = (this.#next + 1) % MAX_LINES;
    this.#changed();
  }

  #note({ event, conversation, source, receivedAt, recovered }: Delivery): void {
    const { name, conversationId, message, status } = event;
    this.#add({
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
      reason: name === 'message.failed' ? cappedWord(failureOf(event.original).message) : undefined,
    });
  }
}

/** Limit the length: the values come from the server. */
function cappedWord(given: unknown): string | undefined {
  if (typeof given !== 'string' || given === '') return undefined;
  return given.length > MAX_WORD_LENGTH ? given.slice(0, MAX_WORD_LENGTH) : given;
}
