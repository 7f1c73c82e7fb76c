import type { Message, Unknowns } from '../model';
import { untagged } from './choice-tag';

export { untagged } from './choice-tag';

/** The button or list row chosen by a customer; `number` and `word`: by typing. */
export interface Choice {
  kind: 'button' | 'list' | 'number' | 'word';
  id: string;
  title: string;
}

type Given = Record<string, unknown>;

/** The servers' field names for a chosen button or list row, inside `interactive`. */
const REPLY_FIELDS: readonly [string, Choice['kind']][] = [
  ['buttonReply', 'button'],
  ['button_reply', 'button'],
  ['listReply', 'list'],
  ['list_reply', 'list'],
  ['reply', 'button'],
];

/** @returns the customer's choice; undefined when the message contains none */
export function choiceOf(message: Message): Choice | undefined {
  const sent = sentChoiceOf(message);
  return sent && { ...sent, id: untagged(sent.id).id };
}

/** @returns the tag of the question whose button a customer has pressed, if the button has one */
export function choiceTagOf(message: Message): string | undefined {
  const sent = sentChoiceOf(message);
  return sent && untagged(sent.id).tag;
}

function sentChoiceOf(message: Message): Choice | undefined {
  const { interactive, choice, metadata } = message;
  if (interactive === undefined && choice === undefined && metadata === undefined) return undefined;
  const held = (interactive ?? {}) as Given;
  for (const [key, kind] of REPLY_FIELDS) {
    const found = readChoice(held[key], kind);
    if (found) return found;
  }
  return readChoice(choice, 'button') ?? readChoice(metadata?.choice, 'button') ?? channelChoice(message);
}

/** Metadata fields of the channel adapters for the id of a choice; its title is the message's text (contract 8.2). */
const CHOICE_FIELDS: readonly [string, Choice['kind']][] = [
  ['button_id', 'button'],
  ['list_id', 'list'],
  ['button_payload', 'button'],
  ['quick_reply', 'button'],
  ['postback_data', 'button'],
];

function channelChoice({ metadata, text, direction }: Message): Choice | undefined {
  if (metadata === undefined || direction !== 'inbound') return undefined;
  for (const [field, kind] of CHOICE_FIELDS) {
    const held = metadata[field];
    const id = typeof held === 'object' && held !== null ? (held as Given).payload : held;
    if (typeof id !== 'string' || id === '') continue;
    const title = [metadata.suggestion_text, text].find((one) => typeof one === 'string' && one !== '');
    return { kind, id, title: typeof title === 'string' ? title : id };
  }
  return undefined;
}

function readChoice(given: unknown, kind: Choice['kind']): Choice | undefined {
  const { id, title, text } = (given ?? {}) as Given;
  if (typeof id !== 'string') return undefined;
  return { kind, id, title: [title, text].find((one) => typeof one === 'string') ?? id };
}

/** @returns the text of a message: its text, its caption, or the title of the choice; `''` when it has none */
export function wordsOf(message: Message): string {
  return message.text ?? message.media?.caption ?? choiceOf(message)?.title ?? '';
}

/** A chat of several people. */
export interface Group {
  /** group, supergroup */
  type: string;
  id?: string;
}

/** @returns the group in which a message was written, if the server tells it (contract 5.2, contract 8.2) */
export function groupOf({ metadata }: Message): Group | undefined {
  if (metadata === undefined) return undefined;
  const { chatType, is_group: isGroup, chat_jid: id } = metadata;
  if (chatType === 'group' || chatType === 'supergroup') return { type: chatType };
  if (isGroup !== true && isGroup !== 'true') return undefined;
  return typeof id === 'string' && id !== '' ? { type: 'group', id } : { type: 'group' };
}

/** The name and address of the person who wrote in a group; the contact of the conversation may be the group itself. */
export function memberOf({ metadata, senderName }: Message): { name?: string; address?: string } {
  const { sender_name: name = senderName, sender_id: address } = metadata ?? {};
  return {
    ...(typeof name === 'string' && name !== '' && { name }),
    ...(typeof address === 'string' && address !== '' && { address }),
  };
}

/** @returns true for an echo of a message that the business wrote on its own phone */
export function isEcho({ source, metadata }: Message): boolean {
  return source === 'business_app' || metadata?.echo === true || metadata?.source === 'business_app';
}

/** A file of a message; with `data` once fetched, or with `error` when fetching failed. */
export interface Attachment extends Unknowns {
  type: string;
  url: string;
}

/** @returns the media of a message as a list for flows */
export function attachmentsOf({ media, contentType }: Message): Attachment[] {
  return media ? [{ ...media, type: media.type ?? contentType }] : [];
}
