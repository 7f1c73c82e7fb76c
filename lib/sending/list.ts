import { batch } from '../async/batch';
import { KeyedMutex } from '../async/keyed-mutex';
import { invalid, LinktorError } from '../errors';
import { textOf } from '../messages/outgoing';
import { isObject } from '../model';
import { isEmail } from '../people';
import { looksLikePhone } from '../people/phone';
import { cleanId, describe, digitsOf, readList } from '../text';
import { keyOf, type Recipient } from './recipient';

/** One entry of a list of recipients. */
export interface Entry {
  /** as it was given */
  given: unknown;
  to: Recipient;
  /** values for `{{ }}` and empty fields; they take precedence over properties of the message */
  properties: Record<string, unknown>;
}

export interface Failed {
  recipient: unknown;
  error: { code: string; message: string; cause: unknown };
}

/** Results of a list, in its order. */
export interface Summary<T> {
  sent: (T & { recipient: unknown })[];
  failed: Failed[];
  /** recipients that were skipped, each with a `reason` */
  skipped?: (T & { recipient: unknown })[];
}

/** maximum number of concurrent recipients */
const MAX_CONCURRENT_SENDS = 10;

/**
 * @param given an address, `{conversationId | contactId | address, channelId?, name?, text?, ...}`, or a contact
 * @throws LinktorError `validation` when it names no recipient
 */
export function entryOf(given: unknown): Entry {
  const isAddress = typeof given === 'string' || typeof given === 'number';
  const { text, ...properties }: Record<string, unknown> = isAddress
    ? { address: given }
    : isObject(given)
      ? given
      : {};
  const isContact = Array.isArray(properties.identifiers);
  // The metadata belongs to the contact, not to the message.
  if (isContact) delete properties.metadata;
  const to: Recipient = {
    conversationId: idOf(properties.conversationId, 'conversationId'),
    contactId: idOf(properties.contactId ?? (isContact ? properties.id : undefined), 'contactId'),
    address: textOf(properties.address),
    channelId: idOf(properties.channelId, 'channelId'),
    name: textOf(properties.name),
  };
  if (to.conversationId === undefined && to.contactId === undefined && to.address === undefined) {
    throw invalid(
      `A recipient has no address: it is ${describe(given)}.`,
      'Give {conversationId}, {contactId} or {address} for each.',
    );
  }
  const own = text ?? properties.payload;
  return { given, to, properties: own === undefined ? properties : { ...properties, text: own, payload: own } };
}

function idOf(given: unknown, name: string): string | undefined {
  const id = Number.isFinite(given) ? digitsOf(given as number, name) : textOf(given);
  return id === undefined ? undefined : cleanId(id);
}

/**
 * @param given a list, also as JSON; phone numbers and e-mail addresses also as a text as people type them
 * @throws LinktorError `validation` when there is no list, or an empty one
 */
export function listOf(given: unknown): readonly unknown[] {
  const list = typeof given === 'string' ? typedList(given) : given;
  if (Array.isArray(list) && list.length > 0) return list;
  throw invalid(
    Array.isArray(given)
      ? 'The list of recipients is empty.'
      : `There is no list of recipients: there is ${describe(given)}.`,
    'Fill in the field "recipients", or give a list in msg.recipients or msg.payload.',
  );
}

/** Any other text is rather a message than a list: nobody is called so. */
function typedList(text: string): unknown[] | undefined {
  const rows = tryJson(text);
  if (Array.isArray(rows)) return rows;
  const addresses = readList(text, 'recipients');
  return addresses.every((one) => looksLikePhone(one) || isEmail(one)) ? addresses : undefined;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Send to every recipient of a list: several in parallel, but in sequence to the same recipient. A failure does not
 * stop other recipients.
 * @param send sends the message for one entry
 * @param onSent receives each result, in the order of the list
 */
export async function sendToAll<T extends object>(
  given: readonly unknown[],
  send: (entry: Entry) => Promise<T>,
  onSent: (sent: Summary<T>['sent'][number], done: number) => void | Promise<void>,
): Promise<Summary<T>> {
  const turns = new KeyedMutex();
  const summary: Summary<T> = { sent: [], failed: [] };
  const one = async (recipient: unknown): Promise<T> => {
    const entry = entryOf(recipient);
    return turns.run(keyOf(entry.to), () => send(entry));
  };
  await batch(given, MAX_CONCURRENT_SENDS, one, async (outcome, recipient) => {
    if (outcome instanceof LinktorError) {
      const { code, message, cause } = outcome;
      summary.failed.push({ recipient, error: { code, message, cause } });
      return;
    }
    const sent = { ...outcome, recipient };
    if ('reason' in outcome && outcome.reason !== undefined) {
      summary.skipped ??= [];
      summary.skipped.push(sent);
      return;
    }
    summary.sent.push(sent);
    await onSent(sent, summary.sent.length + summary.failed.length + (summary.skipped?.length ?? 0));
  });
  return summary;
}

/** maximum number of recipients named in a warning */
const MAX_NAMED = 5;

/** @returns a readable summary of the recipients that were not reached, with reasons */
export function failedRecipients({ failed }: Summary<object>): string {
  const named = failed.slice(0, MAX_NAMED).map(({ recipient, error }) => `${nameOf(recipient)}: ${error.message}`);
  return [...named, ...(failed.length > MAX_NAMED ? [`and ${failed.length - MAX_NAMED} more`] : [])].join('\n');
}

function nameOf(recipient: unknown): string {
  if (!isObject(recipient)) return String(recipient);
  const { name, address, phone, contactId, conversationId, id } = recipient;
  return [name, address ?? phone ?? contactId ?? conversationId ?? id].filter(Boolean).join(' ') || '?';
}

/** @returns the one error for all recipients that were not reached */
export function unsentError({ sent, failed }: Summary<object>): LinktorError {
  const causes = failed.map(({ error }) => error.cause as LinktorError['cause']);
  const [first] = failed as [Failed, ...Failed[]];
  const all = sent.length + failed.length;
  const count =
    sent.length === 0 ? `None of ${all} messages was sent` : `${failed.length} of ${all} messages were not sent`;
  return new LinktorError(first.error.code as LinktorError['code'], `${count}: ${first.error.message}`, {
    hint: causes[0]?.hint,
    ambiguous: causes.some(({ ambiguous }) => ambiguous),
    retryable: sent.length === 0 && causes.every(({ retryable }) => retryable),
    details: { sent, failed },
  });
}
