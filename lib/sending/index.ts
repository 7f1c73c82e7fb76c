import { KeyedMutex } from '../async/keyed-mutex';
import type { LinktorClient } from '../client';
import { LinktorError } from '../errors';
import type { Message, Outgoing } from '../model';
import { DeliveryWatcher, type StatusSource } from './delivery-watcher';
import { fitToChannel, mayNotFit } from './fit';
import { ChannelLimits, type Target } from './limits';
import { findTarget, keyOf } from './recipient';
import type { Raw, SendRequest } from './send-request';
import { isWindowClosed } from './window';

export { MESSAGE_KINDS } from './compose';
export { isShort } from './fit';
export { type Entry, listOf, type Summary, sendToAll, unsentError } from './list';
export type { Recipient } from './recipient';
export { sendRequestOf } from './send-request';
export { hasTyping, keepTyping, showTyping, typingProblem, typingTime } from './typing';

/** What is left of one recipient's messages. */
export interface SendResult {
  /** of the first part; '' where nothing was sent */
  messageId: string;
  /** skipped: the channel takes only templates any more, and that was to be no error */
  status: string;
  conversationId: string;
  /** ISO 8601 */
  at: string;
  parts: number;
  messageIds: string[];
  /** what had to be done for the channel: split, truncated, numbered, shortened, template */
  adapted?: string[];
}

/** What one message is sent with. */
export interface SendDeps {
  client: LinktorClient;
  signal: AbortSignal;
  /** the client has a place in the queue already: nobody comes before this message */
  hasSlot?: boolean;
  /** opened only when somebody waits for an arrival */
  source(): StatusSource;
  /** what comes before the message, when its turn has come: a sign that somebody is typing it */
  prelude?(place: Target): Promise<void>;
  /** told of every part that the server has taken */
  onSent(message: Message): void;
}

/** What sends messages, and remembers between them what it has learnt. Everything to one recipient keeps its order. */
export class Sender {
  readonly #turns = new KeyedMutex();
  readonly #channels = new ChannelLimits();

  /** @returns true while messages that need preparation are on their way into this conversation */
  isBusy(conversationId: string): boolean {
    return this.#turns.isBusy(keyOf({ conversationId }));
  }

  /** @throws LinktorError; with `details` {sent, failedPart, parts} when some parts have left and the next has not */
  send(order: SendRequest, means: SendDeps): Promise<SendResult> {
    const { to, message } = order;
    const key = keyOf(to);
    const isSimple = 'raw' in message || (!mayNotFit(message) && order.instead === undefined);
    const isPlain = to.conversationId !== undefined && isSimple && !means.prelude;
    // What needs no preparation, and has nobody before it, goes straight into the client's own queue.
    if (isPlain && (means.hasSlot || !this.#turns.isBusy(key))) {
      const parcel = new MultipartSend(order, means, { conversationId: to.conversationId ?? '' }, [message], []);
      return parcel.receipt(parcel.last());
    }
    return this.#prepared(order, means, key);
  }

  async #prepared(order: SendRequest, means: SendDeps, key: string): Promise<SendResult> {
    const receipt = await this.#turns.run(key, async () => {
      const place = await findTarget(means.client, this.#turns, order.to);
      const own = keyOf(place);
      return own === key
        ? this.#dispatch(order, means, place)
        : this.#turns.run(own, () => this.#dispatch(order, means, place));
    });
    return receipt();
  }

  /**
   * Ends as soon as the last part is under way: the client keeps the order from there. Where something else may have to
   * be sent, it is waited for: that has its place here as well.
   */
  async #dispatch(order: SendRequest, means: SendDeps, place: Target): Promise<() => Promise<SendResult>> {
    const { message, fitting, channel } = order;
    let parts: (Outgoing | Raw)[] = [message];
    let adapted: string[] = [];
    if (!('raw' in message) && mayNotFit(message)) {
      const limits = await this.#channels.limits(means.client, { ...channel, ...place });
      ({ parts, adapted } = fitToChannel(message, limits, fitting));
    }
    await means.prelude?.({ ...channel, ...place });
    const parcel = new MultipartSend(order, means, place, parts, adapted);
    try {
      await parcel.allButLast();
      const last = parcel.last();
      if (order.instead !== undefined) await last;
      return () => parcel.receipt(last);
    } catch (error) {
      if (order.instead === undefined || parcel.hasLeft || !isWindowClosed(error)) throw error;
      return order.instead === null
        ? async () => skippedResult(place)
        : this.#replaced(order, order.instead, means, place);
    }
  }

  /** The template that goes out in the place of what was refused. */
  async #replaced(
    order: SendRequest,
    instead: Outgoing,
    means: SendDeps,
    place: Target,
  ): Promise<() => Promise<SendResult>> {
    const { idempotencyKey: key } = order;
    const own = { ...order, idempotencyKey: key && `${key}:template` };
    const parcel = new MultipartSend(own, means, place, [instead], ['template']);
    const last = parcel.last();
    await last;
    return () => parcel.receipt(last);
  }
}

/** The parts of one message on their way into one conversation. */
class MultipartSend {
  readonly #sent: Message[] = [];
  readonly #arrivals: DeliveryWatcher | undefined;
  readonly #order: SendRequest;
  readonly #means: SendDeps;
  readonly #place: Target;
  readonly #parts: readonly (Outgoing | Raw)[];
  readonly #adapted: string[];

  constructor(
    order: SendRequest,
    means: SendDeps,
    place: Target,
    parts: readonly (Outgoing | Raw)[],
    adapted: string[],
  ) {
    this.#order = order;
    this.#means = means;
    this.#place = place;
    this.#parts = parts;
    this.#adapted = adapted;
    if (order.wait) this.#arrivals = new DeliveryWatcher(means.source(), place.conversationId);
  }

  /** The customer has got a part of it. */
  get hasLeft(): boolean {
    return this.#sent.length > 0;
  }

  async allButLast(): Promise<void> {
    for (const part of this.#parts.slice(0, -1)) await this.#send(part, this.#sent.length);
  }

  last(): Promise<Message> {
    return this.#send(this.#parts.at(-1) as Outgoing, this.#parts.length - 1);
  }

  /** @param last the last part, under way */
  receipt(last: Promise<Message>): Promise<SendResult> {
    return last.then((message) => this.#receiptOf(message));
  }

  async #receiptOf({ id, createdAt, ...message }: Message): Promise<SendResult> {
    const { wait } = this.#order;
    const { conversationId } = this.#place;
    const messageIds = this.#sent.map((sent) => sent.id);
    const { client, signal } = this.#means;
    const look = (messageId: string) => client.conversations.message(conversationId, messageId);
    const status = wait && (await this.#arrivals?.all(messageIds, { ...wait, signal, look }));
    return {
      messageId: messageIds[0] ?? id,
      status: status ?? message.status ?? 'pending',
      conversationId: message.conversationId || conversationId,
      at: createdAt ?? new Date().toISOString(),
      parts: this.#parts.length,
      messageIds,
      ...(this.#adapted.length > 0 && { adapted: this.#adapted }),
    };
  }

  #send(part: Outgoing | Raw, index: number): Promise<Message> {
    const { conversations } = this.#means.client;
    const { conversationId } = this.#place;
    const options = { idempotencyKey: keyFor(this.#order.idempotencyKey, index) };
    const sending =
      'raw' in part
        ? conversations.sendRaw(conversationId, part.raw, options)
        : conversations.send(conversationId, part, options);
    const taken = (sent: Message) => {
      this.#sent.push(sent);
      this.#means.onSent({ ...sent, conversationId: sent.conversationId || conversationId });
      return sent;
    };
    if (this.#parts.length === 1) return sending.then(taken);
    return sending.then(taken).catch((error: unknown) => {
      throw partialSendError(error, this.#sent, this.#parts.length);
    });
  }
}

function skippedResult({ conversationId }: Target): SendResult {
  const at = new Date().toISOString();
  return { messageId: '', status: 'skipped', conversationId, at, parts: 0, messageIds: [] };
}

function keyFor(key: string | null | undefined, index: number): string | null | undefined {
  return key && index > 0 ? `${key}:${index + 1}` : key;
}

/** What has left is told, so that nobody sends it again. */
function partialSendError(error: unknown, sent: readonly Message[], parts: number): unknown {
  if (!(error instanceof LinktorError)) return error;
  const failedPart = sent.length + 1;
  const { details, ...cause } = error.cause;
  return new LinktorError(error.code, `Part ${failedPart} of ${parts} was not sent: ${error.message}`, {
    ...cause,
    retryable: cause.retryable && sent.length === 0,
    details: { sent: sent.map(({ id }) => id), failedPart, parts, ...(details !== undefined && { reason: details }) },
  });
}
