import { invalid } from '../errors';
import type { Outgoing } from '../model';
import { compose, type Kind, type MessageInput, rawBody } from './compose';
import type { DeliveryWait } from './delivery-watcher';
import type { FitPolicy } from './fit';
import type { Target } from './limits';
import type { Recipient } from './recipient';
import { substituteOf, type WindowPolicy } from './window';

/** A body in the server's own format, sent unchanged. */
export interface Raw {
  raw: object;
}

/** One message to one recipient, ready to be sent. */
export interface SendRequest {
  to: Recipient;
  message: Outgoing | Raw;
  /** further files of the same message */
  more?: readonly Outgoing[];
  fitting: FitPolicy;
  /** the channel of the given conversation, if known */
  channel: Pick<Target, 'channelId' | 'channelType'>;
  /** null: none; undefined: a new key for every part; else `:2` and so on is appended for further parts */
  idempotencyKey?: string | null;
  wait?: Pick<DeliveryWait, 'status' | 'timeoutS'>;
  /** sent when the channel only accepts templates; null: skip without an error */
  instead?: Outgoing | null;
}

/** The settings of a send node for one message. */
export interface SendWishes extends MessageInput, FitPolicy, WindowPolicy {
  kind: string;
  raw?: unknown;
  /** none, incoming (the message that came in), message (the one given) */
  replyTo: string;
  replyToMessage?: string;
  /** perSend, none, key */
  idempotency: string;
  /** accepted, delivered, read */
  waitFor: string;
  /** seconds */
  waitTimeout: number;
}

/**
 * @param msg the incoming Node-RED message, with the message to reply to and the channel
 * @param key the idempotency key, if given
 * @throws LinktorError `validation` that names the missing or unsuitable field; nothing is sent then
 */
export function sendRequestOf(
  to: Recipient,
  wishes: SendWishes,
  msg: Record<string, unknown>,
  key: string | undefined,
): SendRequest {
  const { kind, ifTooLong, ifNoButtons, idempotency, waitFor, waitTimeout: timeout } = wishes;
  const isOwn = to.conversationId !== undefined && to.conversationId === msg.conversationId;
  const text = (value: unknown) => (isOwn && typeof value === 'string' ? value : undefined);
  const instead = kind === 'template' || kind === 'raw' ? undefined : substituteOf(wishes);
  const [message, ...more] = kind === 'raw' ? [{ raw: rawBody(wishes.raw) }] : said(kind as SaidKind, wishes, msg);
  return {
    to,
    message,
    ...(more.length > 0 && { more }),
    fitting: { ifTooLong, ifNoButtons },
    channel: { channelId: text(msg.channelId), channelType: text(msg.channelType) },
    idempotencyKey: idempotency === 'none' ? null : key && headerKey(key),
    ...(waitFor === 'accepted' ? {} : { wait: { status: waitFor as DeliveryWait['status'], timeoutS: timeout } }),
    ...(instead !== undefined && { instead }),
  };
}

type SaidKind = Exclude<Kind, 'raw'>;

function said(kind: SaidKind, wishes: SendWishes, msg: Record<string, unknown>): [Outgoing, ...Outgoing[]] {
  const [first, ...others] = compose(kind, wishes);
  return [withReply(withFileName(first, msg), wishes, msg), ...others];
}

/** The name of a file that another node has read stands beside it. */
function withFileName(message: Outgoing, { filename }: Record<string, unknown>): Outgoing {
  const { file, media } = message;
  if (!file || !media || media.filename !== undefined || 'path' in file || typeof filename !== 'string') return message;
  return { ...message, media: { ...media, filename } };
}

function withReply(message: Outgoing, { replyTo, replyToMessage }: SendWishes, msg: Record<string, unknown>): Outgoing {
  if (replyTo === 'none') return message;
  const answered = replyTo === 'incoming' ? msg.messageId : replyToMessage;
  if (typeof answered === 'string' && answered !== '') return { ...message, replyTo: answered };
  throw invalid('There is no message to reply to.', 'Give msg.messageId, or set the field "replyTo" to none.');
}

/** Check a key, which is sent in a header. */
function headerKey(given: string): string {
  if (/^[\x21-\x7e]{1,200}$/.test(given)) return given;
  throw invalid(
    'The idempotency key must be 1 to 200 characters without spaces or accents.',
    'Give something like order-17 in the field "idempotencyKey".',
  );
}
