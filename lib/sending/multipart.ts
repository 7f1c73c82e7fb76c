import { isHeldBack, type OptOuts, PERSON_IN_CHARGE, type Takeovers } from '../charge';
import type { CallOptions, LinktorClient } from '../client';
import { LinktorError } from '../errors';
import type { FileDesk } from '../files';
import { marked } from '../messages/own-mark';
import type { Message, Outgoing } from '../model';
import type { Attachments } from './attach';
import { DeliveryWatcher, type StatusSource } from './delivery-watcher';
import type { Target } from './limits';
import { markOf, withMark } from './mark';
import { type Offered, offeredIn } from './options';
import type { Raw, SendRequest } from './send-request';

/** Result of sending to one recipient. */
export interface SendResult {
  /** id of the first part; '' when nothing was sent */
  messageId: string;
  /** `skipped`: a person is in charge, or the channel only accepts templates and the settings ignore that */
  status: string;
  /** reason of a skipped message: person_in_charge, opted_out */
  reason?: string;
  conversationId: string;
  /** ISO 8601 */
  at: string;
  parts: number;
  messageIds: string[];
  /** changes made for the channel: split, truncated, numbered, shortened, template */
  adapted?: string[];
}

/** Collaborators for sending. */
export interface SendDeps {
  client: LinktorClient;
  signal: AbortSignal;
  /** the client already has a slot of its queue, so no other message can be sent before */
  hasSlot?: boolean;
  /** decides whether messages may be sent into a conversation; checked right before each request is sent */
  gate?: Pick<Takeovers, 'pass' | 'enter'>;
  /** decides whether a recipient wants no messages; asked for the recipient as given, and once it has been found */
  isOptedOut?: OptOuts['has'];
  /** reads files and gives them addresses; without it only URLs can be sent */
  files?: FileDesk;
  /** called only when a send waits for a delivery status; a persisted message is watched by its owner */
  source?(): StatusSource;
  /** runs before the message once its turn has come, such as a typing sign */
  prelude?(target: Target): Promise<void>;
  /**
   * called for every part that the server has accepted
   * @param offered the options that it offers
   */
  onSent(message: Message, offered: readonly Offered[]): void;
  /** called before a message is sent that a template may have to replace, maybe long after */
  onReplaceable?(target: Target): void;
  /** hooks of a message that is persisted until it is sent */
  kept?: KeptSend;
}

/** A message that survives its process, with the data that prevents a part from being sent twice. */
export interface KeptSend {
  /** written into the metadata of every part, with its number, so that it can be found */
  mark: string;
  /** parts that the server has already accepted */
  sent: readonly Pick<Message, 'id' | 'status' | 'createdAt'>[];
  /** called before each attempt; when it fails, nothing is sent */
  leaving(conversationId: string): Promise<void>;
  taken(part: Message, isLast: boolean): Promise<void>;
}

/** The persisted fields of a part that was sent by an earlier process. */
type SentMessage = Pick<Message, 'id' | 'status' | 'createdAt'> & Partial<Pick<Message, 'conversationId'>>;

/** The parts of one message on their way into one conversation. */
export class MultipartSend {
  readonly #sent: Pick<Message, 'id' | 'status' | 'createdAt'>[];
  readonly #watcher: DeliveryWatcher | undefined;
  readonly #request: SendRequest;
  readonly #deps: SendDeps;
  readonly #target: Target;
  readonly #parts: readonly (Outgoing | Raw)[];
  readonly #adapted: readonly string[];
  readonly #attachments: Attachments | undefined;

  constructor(
    request: SendRequest,
    deps: SendDeps,
    target: Target,
    parts: readonly (Outgoing | Raw)[],
    { adapted = [], attachments }: { adapted?: readonly string[]; attachments?: Attachments } = {},
  ) {
    this.#request = request;
    this.#deps = deps;
    this.#target = target;
    this.#parts = parts;
    this.#adapted = adapted;
    this.#attachments = attachments;
    this.#sent = [...(deps.kept?.sent ?? [])];
    if (request.wait && !deps.kept && deps.source)
      this.#watcher = new DeliveryWatcher(deps.source(), target.conversationId);
  }

  /** Has the server accepted any part? */
  get hasLeft(): boolean {
    return this.#sent.length > 0;
  }

  async allButLast(): Promise<void> {
    for (const part of this.#parts.slice(this.#sent.length, -1)) await this.#send(part, this.#sent.length);
  }

  last(): Promise<SentMessage> {
    const before = this.#sent[this.#parts.length - 1];
    if (before) return Promise.resolve(before);
    return this.#send(this.#parts.at(-1) as Outgoing, this.#parts.length - 1);
  }

  /** @param last the last part, under way */
  result(last: Promise<SentMessage>): Promise<SendResult> {
    return last.then(
      (message) => this.#resultOf(message),
      (error: unknown) => {
        this.#attachments?.drop(error);
        if (isHeldBack(error)) return this.heldBack();
        throw error;
      },
    );
  }

  /** @returns the result after a takeover by a person: parts sent before stay sent */
  heldBack(): SendResult {
    const sent = this.#sent.map(({ id }) => id);
    return { ...skippedResult(this.#target, sent), reason: PERSON_IN_CHARGE };
  }

  async #resultOf({ id, createdAt, ...message }: SentMessage): Promise<SendResult> {
    // The owner of a persisted message also waits for its delivery.
    const wait = this.#deps.kept ? undefined : this.#request.wait;
    const { conversationId } = this.#target;
    const messageIds = this.#sent.map((sent) => sent.id);
    const { client, signal } = this.#deps;
    const look = (messageId: string) => client.conversations.message(conversationId, messageId);
    const status = wait && (await this.#watcher?.all(messageIds, { ...wait, signal, look }));
    if (status !== undefined) this.#attachments?.settled();
    return {
      messageId: messageIds[0] ?? id,
      status: status ?? message.status ?? 'pending',
      conversationId: message.conversationId || conversationId,
      at: createdAt ?? new Date().toISOString(),
      parts: this.#parts.length,
      messageIds,
      ...(this.#adapted.length > 0 && { adapted: [...this.#adapted] }),
    };
  }

  #send(part: Outgoing | Raw, index: number): Promise<SentMessage> {
    const { client, gate, kept } = this.#deps;
    const { conversations } = client;
    const { conversationId } = this.#target;
    const options: CallOptions = { idempotencyKey: keyFor(this.#request.idempotencyKey, index) };
    if (gate) options.beforeLeave = () => gate.pass(conversationId);
    if (kept) options.onLeave = () => kept.leaving(conversationId);
    const leave = gate?.enter(conversationId);
    const known = kept ? withMark(part, markOf(kept.mark, index)) : part;
    const sending =
      'raw' in known
        ? conversations.sendRaw(conversationId, known.raw, options)
        : conversations.send(conversationId, gate ? marked(known) : known, options);
    const taken = (sent: Message) => {
      this.#sent.push(sent);
      this.#attachments?.sent(part, sent.id);
      const message = { ...sent, conversationId: sent.conversationId || conversationId };
      this.#deps.onSent(message, 'raw' in part ? [] : offeredIn(part));
      return sent;
    };
    const done = leave ? sending.then(taken).finally(leave) : sending.then(taken);
    if (kept) return this.#keep(done, index, kept);
    if (this.#parts.length === 1) return done;
    return done.catch((error: unknown) => {
      throw partialSendError(error, this.#sent, this.#parts.length);
    });
  }

  /** The owner of a persisted message knows the earlier parts, and retries from this one. */
  async #keep(sending: Promise<Message>, index: number, kept: KeptSend): Promise<SentMessage> {
    const sent = await sending;
    await kept.taken(sent, index === this.#parts.length - 1);
    return sent;
  }
}

/** @param messageIds ids of the parts sent before */
export function skippedResult({ conversationId }: Target, messageIds: string[]): SendResult {
  const at = new Date().toISOString();
  const [messageId = ''] = messageIds;
  return { messageId, status: 'skipped', conversationId, at, parts: messageIds.length, messageIds };
}

function keyFor(key: string | null | undefined, index: number): string | null | undefined {
  return key && index > 0 ? `${key}:${index + 1}` : key;
}

/** The error lists the parts that were sent, so that they are not sent again. */
function partialSendError(error: unknown, sent: readonly { id: string }[], parts: number): unknown {
  if (!(error instanceof LinktorError)) return error;
  const failedPart = sent.length + 1;
  const { details, ...cause } = error.cause;
  return new LinktorError(error.code, `Part ${failedPart} of ${parts} was not sent: ${error.message}`, {
    ...cause,
    retryable: cause.retryable && sent.length === 0,
    details: { sent: sent.map(({ id }) => id), failedPart, parts, ...(details !== undefined && { reason: details }) },
  });
}
