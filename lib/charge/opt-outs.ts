import type { Language } from '../dialogue/languages';
import type { Ledger } from '../ledger';
import type { Conversation, Message } from '../model';
import { addressKey } from '../people/phone';
import { anyOf } from '../text';
import { optInWordsOf, optOutWordsOf, smsOutWords } from './opt-out-words';

/** Reason for a message not sent to a person who opted out, and claimant of the opt-out message. */
export const OPTED_OUT = 'opted_out';

/** An opt-out from unsolicited messages, as stored in the ledger. */
export interface OptOut {
  /** id of the contact, or of the conversation if no contact is known */
  id: string;
  /** milliseconds of the clock */
  at: number;
}

/** The recipient of a message, as far as known. */
export interface Person {
  contactId?: string;
  conversationId?: string;
  /** phone number, e-mail address, or name in a channel */
  address?: string;
}

export interface OptOutSettings {
  ledger(): Ledger;
  isOn: boolean;
  /** override the words of the language */
  outWords: readonly string[];
  inWords: readonly string[];
  language(): Language;
}

/** The wish that a message expresses. */
export type OptWish = 'out' | 'in' | undefined;

/** People who opted out of unsolicited messages. Stored without expiry, and read from memory. */
export class OptOuts {
  readonly #settings: OptOutSettings;
  /** identifiers of people, with the ids of their opt-outs */
  readonly #tags = new Map<string, string>();
  readonly #entries = new Map<string, readonly string[]>();
  #tests: { isOut(text: string): boolean; isIn(text: string): boolean } | undefined;
  readonly #isSmsOut = anyOf(smsOutWords);

  constructor(settings: OptOutSettings) {
    this.#settings = settings;
  }

  /** @throws LinktorError `storage` */
  async load(): Promise<void> {
    for (const { key, tags } of await this.#settings.ledger().list<OptOut>('optout')) this.#note(key, tags);
  }

  get isOn(): boolean {
    return this.#settings.isOn;
  }

  has(person: Person): boolean {
    return this.#tags.size > 0 && tagsOfPerson(person).some((tag) => this.#tags.has(tag));
  }

  /** @returns the wish of a message, judged by its whole text; `isBinding` when it cannot mean anything else */
  wishOf(text: string, channelType = ''): { wish: OptWish; isBinding: boolean } {
    const isSms = channelType.startsWith('sms');
    if (isSms && this.#isSmsOut(text)) return { wish: 'out', isBinding: true };
    const { isOut, isIn } = this.#words;
    return { wish: isOut(text) ? 'out' : isIn(text) ? 'in' : undefined, isBinding: false };
  }

  /** @returns false when the person had already opted out @throws LinktorError `storage`, `rate_limit` */
  async optOut(message: Message, conversation: Conversation | undefined, now: number): Promise<boolean> {
    const id = conversation?.contactId ?? message.senderId ?? message.conversationId;
    const isNew = !this.#entries.has(id);
    const tags = tagsOf(message, conversation);
    this.#note(id, tags);
    await this.#settings.ledger().put('optout', id, { id, at: now } satisfies OptOut, { tags, onDisk: true });
    return isNew;
  }

  /** @returns false when the person had not opted out @throws LinktorError `storage` */
  async optIn(message: Message, conversation: Conversation | undefined): Promise<boolean> {
    const known = tagsOf(message, conversation).flatMap((tag) => this.#tags.get(tag) ?? []);
    for (const id of new Set(known)) await this.forget(id);
    return known.length > 0;
  }

  /** @returns whether an opt-out was deleted @throws LinktorError `storage` */
  async forget(id: string): Promise<boolean> {
    for (const tag of this.#entries.get(id) ?? []) if (this.#tags.get(tag) === id) this.#tags.delete(tag);
    this.#entries.delete(id);
    return this.#settings.ledger().delete('optout', id);
  }

  #note(id: string, tags: readonly string[]): void {
    this.#entries.set(id, tags);
    for (const tag of tags) this.#tags.set(tag, id);
  }

  get #words() {
    const { outWords, inWords, language } = this.#settings;
    this.#tests ??= {
      isOut: anyOf(outWords.length > 0 ? outWords : optOutWordsOf(language())),
      isIn: anyOf(inWords.length > 0 ? inWords : optInWordsOf(language())),
    };
    return this.#tests;
  }
}

function tagsOf({ conversationId, senderId }: Message, conversation: Conversation | undefined): string[] {
  const { contactId = senderId, contact } = conversation ?? {};
  const addresses = [contact?.phone, contact?.email, ...(contact?.identifiers ?? []).map((one) => one.identifier)];
  return [...tagsOfPerson({ contactId, conversationId }), ...addresses.flatMap((address) => tagsOfPerson({ address }))];
}

function tagsOfPerson({ contactId, conversationId, address }: Person): string[] {
  return [
    ...(contactId === undefined ? [] : [`p:${contactId}`]),
    ...(conversationId === undefined ? [] : [`c:${conversationId}`]),
    ...(address === undefined || address === '' ? [] : [`a:${addressKey(address)}`]),
  ];
}
