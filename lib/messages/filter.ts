import type { Conversation, Message } from '../model';
import { looksLikePhone, phoneKey } from '../people/phone';
import { cleanId, type TextRule, textRule } from '../text';
import { groupOf, isEcho, wordsOf } from './incoming';

/** Rules for messages to pass; an empty rule filters nothing. */
export interface FilterRules {
  /** contact, agent, bot, system */
  senders: readonly string[];
  /** prefixes of types: whatsapp also matches whatsapp_official and the like */
  channelTypes: readonly string[];
  /** ids */
  channels?: readonly string[];
  content: readonly string[];
  /** `any`, or the status that the conversation must have */
  conversationStatus: string;
  /** any, startsWith, contains, equals, regex, command */
  textRule: string;
  textValue: string;
  ignoreOwn: boolean;
  /** all, direct, group */
  chats?: string;
  /** phone numbers, e-mail addresses, ids of contacts and conversations */
  allow?: readonly string[];
}

/** The reason why a message does not pass. */
export type Reason =
  | 'sender'
  | 'own'
  | 'content'
  | 'chat'
  | 'channelType'
  | 'channel'
  | 'conversationStatus'
  | 'sender_not_allowed'
  | 'text';

export interface MessageFilter {
  /**
   * @returns the reason why a message does not pass, undefined when it passes
   * @throws LinktorError `timeout` for a slow pattern that was not done in time
   */
  reasonAgainst(message: Message, conversation: Conversation | undefined): Reason | undefined;
  /** its pattern cannot be matched in linear time */
  readonly isSlow: boolean;
}

/**
 * Many triggers filter every message, so the filter is prepared as far as possible, and costly tests run last. Most of
 * them are idle in a large flow, so only a bad rule is noticed at once, and the rest is prepared with the first message.
 * @param options.contents all kinds available for `content`; an unknown kind passes
 * @param options.fold the normal form of texts, which may be shared by filters
 * @param options.allowSlow accept patterns that cannot be matched in linear time, with a time limit
 * @throws LinktorError `validation` for a bad expression
 */
export function messageFilter(
  wanted: FilterRules,
  options: { contents: readonly string[]; allowSlow?: boolean; fold?(text: string): string },
): MessageFilter {
  const rule = textRule(wanted.textRule, wanted.textValue, options);
  let prepared: MessageFilter['reasonAgainst'] | undefined;
  return {
    isSlow: rule?.isSlow === true,
    reasonAgainst(message, conversation) {
      prepared ??= prepare(wanted, options.contents, rule);
      return prepared(message, conversation);
    },
  };
}

function prepare(
  wanted: FilterRules,
  contents: readonly string[],
  rule: TextRule | undefined,
): MessageFilter['reasonAgainst'] {
  const { channelTypes, conversationStatus, ignoreOwn, chats = 'all' } = wanted;
  const senders = setOf(wanted.senders);
  const channels = setOf(wanted.channels);
  const unwanted = new Set(wanted.content.length > 0 ? contents.filter(without(wanted.content)) : []);
  const isAllowed = wanted.allow && wanted.allow.length > 0 ? allowListTest(wanted.allow) : undefined;
  return (message, conversation) => {
    if (senders && !senders.has(message.senderType ?? (message.direction === 'inbound' ? 'contact' : 'agent'))) {
      return 'sender';
    }
    if (unwanted.has(message.contentType)) return 'content';
    if (chats !== 'all' && (groupOf(message) === undefined) !== (chats === 'direct')) return 'chat';
    if (channels && !channels.has(conversation?.channelId ?? '')) return 'channel';
    if (channelTypes.length > 0) {
      const channelType = conversation?.channelType ?? '';
      if (!channelTypes.some((type) => channelType.startsWith(type))) return 'channelType';
    }
    if (conversationStatus !== 'any' && conversation?.status !== conversationStatus) return 'conversationStatus';
    if (ignoreOwn && isEcho(message)) return 'own';
    if (rule?.test(wordsOf(message)) === false) return 'text';
    return isAllowed?.(message, conversation) === false ? 'sender_not_allowed' : undefined;
  };
}

function setOf(names: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return names && names.length > 0 ? new Set(names) : undefined;
}

const without = (names: readonly string[]) => (name: string) => !names.includes(name);

/** @returns a test for messages of these people, or in these conversations */
export function allowListTest(
  allow: readonly string[],
): (message: Pick<Message, 'conversationId' | 'senderId'>, conversation: Conversation | undefined) => boolean {
  const known = new Set(allow.flatMap(spellings));
  // A server may send something other than a text here.
  const isKnown = (name: unknown) => typeof name === 'string' && spellings(name).some((one) => known.has(one));
  return ({ conversationId, senderId }, conversation) => {
    const { contactId, contact } = conversation ?? {};
    return (
      [conversationId, senderId, contactId, contact?.phone, contact?.email].some(isKnown) ||
      contact?.identifiers?.some(({ identifier }) => isKnown(identifier)) === true
    );
  };
}

/** People write ids and addresses in many ways, and phone numbers in many more. */
function spellings(name: string): string[] {
  const plain = cleanId(name).toLowerCase();
  return looksLikePhone(plain) ? [plain, phoneKey(plain)] : [plain];
}
