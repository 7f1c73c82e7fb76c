import { attachmentsOf, choiceOf, groupOf, isEcho, memberOf, wordsOf } from '../../lib/messages/incoming';
import type { Message } from '../../lib/model';
import type { Delivery } from '../../lib/realtime';
import { copyOf } from './copy';
import { isObject } from './fields';
import type { Msg } from './red';

/** Return the content of an event from any envelope: flat, in `data`, or in `data.attributes`. */
export function contentOf(original: unknown): Record<string, unknown> {
  if (!isObject(original)) return {};
  const { data } = original;
  if (!isObject(data)) return original;
  return isObject(data.attributes) ? { id: data.id, ...data.attributes } : data;
}

/** Converts deliveries to messages, in the same way for all triggers. Each trigger has an instance of its own. */
export class ToMsg {
  readonly #configId: string;
  readonly #isSyncDelivery: boolean;
  /** time of the last event, cached with its text: many events arrive in the same millisecond */
  #at = Number.NaN;
  #time = '';

  /** @param atOnce flows run synchronously, before other listeners have received the same event */
  constructor(configId: string, atOnce: boolean) {
    this.#configId = configId;
    this.#isSyncDelivery = atOnce;
  }

  /**
   * Return a message with the ids and the origin of an event; every action can work with these ids alone.
   * @param payload the caller's own
   */
  event({ event, conversation, source, receivedAt, recovered }: Delivery, payload: unknown, topic: string): Msg {
    const { conversationId, messageId, id } = event;
    const msg: Msg = { payload, topic };
    if (conversationId !== undefined) msg.conversationId = conversationId;
    if (messageId !== undefined) msg.messageId = messageId;
    if (conversation?.contactId !== undefined) msg.contactId = conversation.contactId;
    if (conversation?.channelId !== undefined) msg.channelId = conversation.channelId;
    if (conversationId !== undefined) msg.channelType = conversation?.channelType ?? UNKNOWN_CHANNEL;
    const linktor: LinktorFacts = { configId: this.#configId, event: event.name, source };
    if (id !== undefined) linktor.deliveryId = id;
    linktor.receivedAt = this.#isoTime(receivedAt);
    linktor.recovered = recovered;
    msg.linktor = linktor;
    return msg;
  }

  /** Return a chat message in the form that actions expect. @param raw include the original event */
  message(delivery: Delivery, message: Message, raw: boolean): Msg {
    const { event, conversation, source, receivedAt, recovered } = delivery;
    const { contentType, direction, senderType, senderId, location, contact: card, media } = message;
    const isCustomers = senderType === 'contact';
    const contactId = conversation?.contactId ?? (isCustomers ? senderId : undefined);
    const linktor: LinktorFacts = {
      configId: this.#configId,
      event: event.name,
      source,
      receivedAt: this.#isoTime(receivedAt),
      recovered,
      direction,
      echo: isEcho(message),
    };
    const channelId = conversation?.channelId;
    // One literal is much faster than separate assignments, and covers most messages.
    const msg: Msg = {
      payload: wordsOf(message),
      topic: topicOf(delivery),
      conversationId: event.conversationId,
      messageId: event.messageId,
      contactId,
      channelId,
      channelType: conversation?.channelType ?? UNKNOWN_CHANNEL,
      linktor,
      contentType,
      attachments: media ? copyOf(attachmentsOf(message)) : [],
      contact: conversation?.contact ? copyOf(conversation.contact) : { id: contactId },
      // The self-hosted server omits the id of the customer: it is the contact of the conversation.
      sender: {
        type: senderType,
        id: senderId ?? (isCustomers ? contactId : undefined),
        name: isCustomers ? conversation?.contact?.name : message.senderName,
      },
    };
    if (contactId === undefined) delete msg.contactId;
    if (channelId === undefined) delete msg.channelId;
    if (event.id !== undefined) linktor.deliveryId = event.id;
    const answered = message.replyTo ?? message.metadata?.reply_to_id;
    if (typeof answered === 'string') linktor.replyTo = answered;
    if (delivery.askedBy !== undefined) msg.asked = delivery.askedBy;
    const choice = choiceOf(message);
    if (choice) msg.choice = choice;
    const group = groupOf(message);
    if (group) {
      msg.group = group;
      Object.assign(msg.sender as object, isCustomers && memberOf(message));
    }
    if (location) msg.location = copyOf(location);
    if (card) msg.card = copyOf(card);
    if (raw) msg.event = this.#original(delivery);
    return msg;
  }

  /** No flow runs before all triggers have received the event: the first takes the original, the others a copy. */
  #original(delivery: Delivery): unknown {
    const { original } = delivery.event;
    if (delivery.originalTaken || this.#isSyncDelivery) return copyOf(original);
    delivery.originalTaken = true;
    return original;
  }

  #isoTime(at: number): string {
    if (at !== this.#at) {
      this.#at = at;
      this.#time = new Date(at).toISOString();
    }
    return this.#time;
  }
}

type LinktorFacts = Record<string, unknown>;

const UNKNOWN_CHANNEL = 'unknown';

/** Unique per conversation, so that the core nodes group by it, and fit for MQTT. */
export function topicOf({ event, conversation }: Delivery): string {
  return `${conversation?.channelType ?? UNKNOWN_CHANNEL}/${event.conversationId ?? ''}`;
}

interface Given {
  code?: unknown;
  message?: unknown;
}

/** @returns the reason of a failed delivery; its place depends on the server, and a frame may have none */
export function failureOf(original: unknown): { code?: string; message: string } {
  const { error, failure = error, errorCode, failedReason, errorMessage = failedReason } = contentOf(original);
  const { code = errorCode, message = errorMessage } = (isObject(failure) ? failure : {}) as Given;
  const words = typeof failure === 'string' ? failure : message;
  const known = typeof words === 'string' && words !== '' ? words : 'The channel did not say why.';
  return typeof code === 'string' || typeof code === 'number'
    ? { code: String(code), message: known }
    : { message: known };
}
