import { KeyedMutex } from '../async/keyed-mutex';
import { isHeldBack, OPTED_OUT } from '../charge';
import type { Outgoing } from '../model';
import { Attachments, openFile } from './attach';
import { fitToChannel, mayNotFit } from './fit';
import { ChannelLimits, type Target } from './limits';
import { MultipartSend, type SendDeps, type SendResult, skippedResult } from './multipart';
import { findTarget, keyOf, type Recipient } from './recipient';
import type { Raw, SendRequest } from './send-request';
import { isLateWindowFailure, isWindowClosed } from './window';
import { writeText } from './write';

export { storable } from './attach';
export { MESSAGE_KINDS } from './compose';
export { DeliveryWatcher } from './delivery-watcher';
export { isShort } from './fit';
export type { Target } from './limits';
export { type Entry, failedRecipients, listOf, type Summary, sendToAll, unsentError } from './list';
export { findMarked } from './mark';
export type { KeptSend, SendDeps, SendResult } from './multipart';
export type { Offered } from './options';
export { keyOf, type Recipient } from './recipient';
export { type SendRequest, sendRequestOf } from './send-request';
export { hasTyping, keepTyping, showTyping, typingProblem, typingTime } from './typing';
export { isLateWindowFailure, isWindowClosed, isWindowReason } from './window';

/** Sends messages and caches facts about channels. Messages to one recipient keep their order. */
export class Sender {
  readonly #turns = new KeyedMutex();
  readonly #channels = new ChannelLimits();

  /** @returns true while messages that need preparation are being sent to this conversation */
  isBusy(conversationId: string): boolean {
    return this.#turns.isBusy(keyOf({ conversationId }));
  }

  /** @throws LinktorError; with `details` {sent, failedPart, parts} when only some of the parts were sent */
  send(request: SendRequest, deps: SendDeps): Promise<SendResult> {
    const { to, message } = request;
    const key = keyOf(to);
    const isSimple = 'raw' in message || (!mayNotFit(message) && !request.more && request.instead === undefined);
    const isPlain = to.conversationId !== undefined && isSimple && !deps.prelude && !deps.isOptedOut;
    // A message without preparation and without predecessors goes directly into the client's queue.
    if (isPlain && (deps.hasSlot || !this.#turns.isBusy(key))) {
      const multipart = new MultipartSend(request, deps, { conversationId: to.conversationId ?? '' }, [message]);
      return multipart.result(multipart.last());
    }
    return this.#prepared(request, deps, key);
  }

  async #prepared(request: SendRequest, deps: SendDeps, key: string): Promise<SendResult> {
    const result = await this.#turns.run(key, async () => {
      if (deps.isOptedOut?.(request.to)) return async () => notSent(request.to, OPTED_OUT);
      const target = await findTarget(deps.client, this.#turns, request.to);
      if (deps.isOptedOut?.(target)) return async () => notSent(target, OPTED_OUT);
      const own = keyOf(target);
      return own === key
        ? this.#dispatch(request, deps, target)
        : this.#turns.run(own, () => this.#dispatch(request, deps, target));
    });
    return result();
  }

  /**
   * Resolves as soon as the last part is in the client's queue, which keeps the order. If a template may have to
   * replace it, the outcome is awaited, since the template needs the same target.
   */
  async #dispatch(request: SendRequest, deps: SendDeps, target: Target): Promise<() => Promise<SendResult>> {
    const { channel } = request;
    const { parts: fitted, adapted } = await this.#fitted(request, deps, target);
    const attachments = new Attachments();
    let multipart = new MultipartSend(request, deps, target, fitted, { adapted });
    try {
      if (request.instead) deps.onReplaceable?.(target);
      await deps.gate?.pass(target.conversationId);
      const parts = await attachments.place(fitted, deps.files, deps.signal);
      multipart = new MultipartSend(request, deps, target, parts, { adapted, attachments });
      await deps.prelude?.({ ...channel, ...target });
      await multipart.allButLast();
      const last = multipart.last();
      if (request.instead !== undefined) await last;
      const delivered = multipart;
      return () => delivered.result(last).catch((error: unknown) => this.#late(error, request, deps, target));
    } catch (error) {
      attachments.drop(error);
      if (isHeldBack(error)) return async () => multipart.heldBack();
      if (request.instead === undefined || multipart.hasLeft || !isWindowClosed(error)) throw error;
      return request.instead === null
        ? async () => skippedResult(target, [])
        : this.#replaced(request, request.instead, deps, target);
    }
  }

  /** The channel may accept a message, and say only later that the window has closed. */
  #late(error: unknown, request: SendRequest, deps: SendDeps, target: Target): Promise<SendResult> {
    const { instead } = request;
    if (!instead || !isLateWindowFailure(error)) throw error;
    return this.#turns
      .run(keyOf(target), () => this.#replaced(request, instead, deps, target))
      .then((result) => result());
  }

  /** Adapts the messages of a request to the channel, once their files are known to fit. */
  async #fitted(
    { message, more = [], fitting, channel }: SendRequest,
    deps: SendDeps,
    target: Target,
  ): Promise<Fitted> {
    const fitted: Fitted = { parts: [], adapted: [] };
    for (const one of [message, ...more]) {
      if ('raw' in one || !mayNotFit(one)) {
        fitted.parts.push(one);
        continue;
      }
      const limits = await this.#channels.limits(deps.client, { ...channel, ...target });
      const opened = await openFile(one, limits, deps.files);
      const written = await writeText(opened.message, limits, deps.client);
      const { parts, adapted } = fitToChannel(written, limits, fitting);
      fitted.parts.push(...parts);
      fitted.adapted.push(...opened.adapted, ...adapted);
    }
    return { ...fitted, adapted: [...new Set(fitted.adapted)] };
  }

  /** Sends the template in target of the refused message. */
  async #replaced(
    request: SendRequest,
    instead: Outgoing,
    deps: SendDeps,
    target: Target,
  ): Promise<() => Promise<SendResult>> {
    const { idempotencyKey: key } = request;
    const own = { ...request, idempotencyKey: key && `${key}:template` };
    const multipart = new MultipartSend(own, deps, target, [instead], { adapted: ['template'] });
    const last = multipart.last();
    await last;
    return () => multipart.result(last);
  }
}

/** A request whose parts its channel can carry. */
interface Fitted {
  parts: (Outgoing | Raw)[];
  adapted: string[];
}

/** @param reason why nothing was sent to the recipient */
export function notSent({ conversationId = '' }: Recipient, reason: string): SendResult {
  return { ...skippedResult({ conversationId }, []), reason };
}
