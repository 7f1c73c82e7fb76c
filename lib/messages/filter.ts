import { invalid } from '../errors';
import type { Conversation, Message } from '../model';
import { isEcho, wordsOf } from './incoming';

/** Which messages are wanted; what is empty filters nothing. */
export interface FilterRules {
  /** contact, agent, bot, system */
  senders: readonly string[];
  /** the beginning of a type will do: whatsapp stands for whatsapp_official and the like */
  channelTypes: readonly string[];
  /** ids */
  channels?: readonly string[];
  content: readonly string[];
  /** all that `content` could name: a kind that nobody could choose passes */
  contents: readonly string[];
  /** `any`, or the status that the conversation must have */
  conversationStatus: string;
  /** any, startsWith, contains, equals, regex, command */
  textRule: string;
  textValue: string;
  ignoreOwn: boolean;
  /** phone numbers, e-mail addresses, ids of contacts and conversations */
  allow?: readonly string[];
}

/** Why a message is not wanted. */
export type Reason =
  | 'sender'
  | 'own'
  | 'content'
  | 'channelType'
  | 'channel'
  | 'conversationStatus'
  | 'sender_not_allowed'
  | 'text';

/**
 * Many triggers look at every message: what can be known beforehand is known beforehand, and what costs most comes last.
 * @returns a function that says what keeps a message out, or undefined when it may pass
 * @throws LinktorError `validation` for a bad expression
 */
export function messageFilter(
  wanted: FilterRules,
): (message: Message, conversation: Conversation | undefined) => Reason | undefined {
  const { channelTypes, conversationStatus, ignoreOwn } = wanted;
  const senders = setOf(wanted.senders);
  const channels = setOf(wanted.channels);
  const unwanted = new Set(wanted.content.length > 0 ? wanted.contents.filter(without(wanted.content)) : []);
  const isAllowed = wanted.allow && wanted.allow.length > 0 ? allowListTest(wanted.allow) : undefined;
  const fits = textTest(wanted.textRule, wanted.textValue);
  return (message, conversation) => {
    if (senders && !senders.has(message.senderType ?? (message.direction === 'inbound' ? 'contact' : 'agent'))) {
      return 'sender';
    }
    if (unwanted.has(message.contentType)) return 'content';
    if (channels && !channels.has(conversation?.channelId ?? '')) return 'channel';
    if (channelTypes.length > 0) {
      const channelType = conversation?.channelType ?? '';
      if (!channelTypes.some((type) => channelType.startsWith(type))) return 'channelType';
    }
    if (conversationStatus !== 'any' && conversation?.status !== conversationStatus) return 'conversationStatus';
    if (ignoreOwn && isEcho(message)) return 'own';
    if (fits && !fits(wordsOf(message))) return 'text';
    return isAllowed?.(message, conversation) === false ? 'sender_not_allowed' : undefined;
  };
}

function setOf(names: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return names && names.length > 0 ? new Set(names) : undefined;
}

const without = (names: readonly string[]) => (name: string) => !names.includes(name);

function textTest(rule: string, value: string): ((text: string) => boolean) | undefined {
  const wanted = value.toLowerCase();
  switch (rule) {
    case 'startsWith':
      // Only so much of it: a message may be long, and there may be many who look at it.
      return (given) => given.slice(0, wanted.length).toLowerCase().startsWith(wanted);
    case 'contains':
      return (given) => given.toLowerCase().includes(wanted);
    case 'equals':
      return (given) => given.trim().toLowerCase() === wanted;
    case 'command':
      return (given) => given.trim().split(/\s/, 1)[0]?.toLowerCase() === `/${wanted.replace(/^\//, '')}`;
    case 'regex': {
      const expression = compile(value);
      return (given) => expression.test(given);
    }
    default:
      return undefined;
  }
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'iu');
  } catch (error) {
    throw invalid(`The field "textValue" is not a regular expression: ${(error as Error).message}`);
  }
}

/** @returns a test for messages of these people, or in these conversations */
function allowListTest(
  allow: readonly string[],
): (message: Message, conversation: Conversation | undefined) => boolean {
  const known = new Set(allow.flatMap(spellings));
  // What a server sends need not be a text.
  const isKnown = (name: unknown) => typeof name === 'string' && spellings(name).some((one) => known.has(one));
  return ({ conversationId, senderId }, conversation) => {
    const { contactId, contact } = conversation ?? {};
    return (
      [conversationId, senderId, contactId, contact?.phone, contact?.email].some(isKnown) ||
      contact?.identifiers?.some(({ identifier }) => isKnown(identifier)) === true
    );
  };
}

/** People write a phone number in many ways; only its digits count. */
function spellings(name: string): string[] {
  const plain = name.trim().toLowerCase();
  const digits = /^[\d\s().+\-/]+$/.test(plain) ? plain.replace(/\D/g, '').replace(/^00/, '') : '';
  return digits.length > 5 ? [plain, digits] : [plain];
}
