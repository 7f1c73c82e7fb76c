import type { Conversation, Message } from '../model';
import { addressKey } from '../people/phone';
import type { Dialogue, DialoguePlace, Reply } from './dialogue';

/** Some channels give whole seconds only, which makes an answer look older than its question. */
const CLOCK_GRAIN_MS = 1000;

/** @returns milliseconds by which a message may be newer than its time says */
function grainOf(at: number, recovered: boolean): number {
  // Read again after a stop, what was said right before the question is no answer: an exact time decides.
  return recovered && at % CLOCK_GRAIN_MS !== 0 ? 0 : CLOCK_GRAIN_MS;
}

/** @returns the place of a dialogue that a message may answer: the conversation, person and time match */
export function placeFor(dialogue: Dialogue, { message, conversation, recovered }: Reply): DialoguePlace | undefined {
  const place = dialogue.places.find(({ conversationId }) => conversationId === message.conversationId);
  if (!place || !isAwaited(dialogue, message, conversation)) return undefined;
  if (dialogue.places.some(({ messageId }) => messageId === message.id)) return undefined;
  if (message.id === dialogue.carried.messageId) return undefined;
  const at = message.createdAt === undefined ? Number.NaN : Date.parse(message.createdAt);
  // A message without a readable time counts as new. Without a known time of the question, live messages come after it.
  const since = place.since ?? (recovered ? sinceOf(dialogue, place) : 0);
  if (at + grainOf(at, recovered) < since || at > deadlineOf(dialogue, place)) return undefined;
  return place;
}

/** @returns milliseconds of the server's clock; at the latest where that was unknown */
function deadlineOf({ deadline, asked, askedThere }: Dialogue, { since = asked }: DialoguePlace): number {
  return deadline + (askedThere === undefined ? Math.max(0, since - asked) : askedThere - asked);
}

/** @returns true for a message from another person than those whose answer counts */
export function isStranger(dialogue: Dialogue, { message, conversation }: Reply): boolean {
  if (dialogue.who !== 'these' || isAwaited(dialogue, message, conversation)) return false;
  const place = dialogue.places.find(({ conversationId }) => conversationId === message.conversationId);
  const isPerson = message.senderType === 'contact' || message.senderType === 'agent';
  return isPerson && place !== undefined && Date.parse(message.createdAt ?? '') > sinceOf(dialogue, place);
}

/** @returns the time of the question at a place, as exactly as it is known; milliseconds of the server's clock */
export function sinceOf({ asked, askedThere }: Dialogue, { since }: DialoguePlace): number {
  return since ?? askedThere ?? asked;
}

/** The writer of the message is a person whose answer counts. */
function isAwaited({ who, whoIds }: Dialogue, message: Message, conversation?: Conversation): boolean {
  const sender = message.senderType ?? (message.direction === 'inbound' ? 'contact' : 'agent');
  const isPerson = sender !== 'bot' && sender !== 'system';
  switch (who) {
    case 'contact':
      return sender === 'contact' && message.direction === 'inbound';
    case 'anyone':
      return isPerson;
    case 'colleague':
      return isPerson && sender !== 'contact';
    default:
      return isPerson && whoIds.some((id) => namesOf(message, conversation).has(addressKey(id)));
  }
}

/** All identifiers of the writer of a message. */
function namesOf({ senderId, senderType }: Message, conversation?: Conversation): ReadonlySet<string> {
  const { contactId, contact } = conversation ?? {};
  const ofContact = [
    contactId,
    contact?.phone,
    contact?.email,
    ...(contact?.identifiers ?? []).map((one) => one.identifier),
  ];
  const names = senderType === 'contact' || senderType === undefined ? [senderId, ...ofContact] : [senderId];
  return new Set(names.filter((name): name is string => typeof name === 'string').map(addressKey));
}

/** The same message could answer both dialogues. */
export function isRival(one: Dialogue, other: Dialogue): boolean {
  const areThese = one.who === 'these' && other.who === 'these';
  const isSameWho = areThese
    ? one.whoIds.some((id) => other.whoIds.some((second) => addressKey(id) === addressKey(second)))
    : one.who === other.who || one.who === 'anyone' || other.who === 'anyone';
  return isSameWho && one.places.some((place) => other.places.some((second) => isSamePlace(place, second)));
}

function isSamePlace(one: DialoguePlace, other: DialoguePlace): boolean {
  if (one.conversationId !== undefined && other.conversationId !== undefined) {
    return one.conversationId === other.conversationId;
  }
  return one.contactId !== undefined && one.contactId === other.contactId;
}

/** Tags of a dialogue's conversations and people. */
export function placeTagsOf({ places }: Dialogue): string[] {
  const tags = new Set<string>();
  for (const { conversationId, contactId } of places) {
    if (conversationId !== undefined) tags.add(conversationTag(conversationId));
    if (contactId !== undefined) tags.add(contactTag(contactId));
  }
  return [...tags];
}

/** Tags by which the ledger finds a dialogue. */
export function tagsOf(dialogue: Dialogue): string[] {
  return [...placeTagsOf(dialogue), nodeTag(dialogue.nodeId)];
}

export const conversationTag = (id: string) => `c:${id}`;
export const contactTag = (id: string) => `p:${id}`;
export const nodeTag = (id: string) => `n:${id}`;
