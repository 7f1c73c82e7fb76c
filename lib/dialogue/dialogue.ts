import type { Conversation, Message } from '../model';

/** The people whose answer counts. */
export const awaitable = ['contact', 'anyone', 'colleague', 'these'] as const;
export type Awaited = (typeof awaitable)[number];

/** Reason for the end of a dialogue, other than an answer or a timeout. */
export type EndReason = 'invalid' | 'cancelled' | 'replaced' | 'taken_over' | 'resolved' | 'closed';

/** A conversation in which an answer may arrive. */
export interface DialoguePlace {
  /** unknown until a send to a contact has determined it */
  conversationId?: string;
  contactId?: string;
  /** id of the question; unknown until the server has accepted it */
  messageId?: string;
  /** time of the question, in milliseconds of the server's clock */
  since?: number;
}

/** An open question or form, as stored in the ledger. Plain data. */
export interface Dialogue<D = unknown> {
  id: string;
  kind: 'ask' | 'form';
  nodeId: string;
  /** asking: the question may not have been sent yet; an answer may arrive nevertheless */
  state: 'asking' | 'waiting';
  places: DialoguePlace[];
  who: Awaited;
  /** `these`: ids, phone numbers and e-mail addresses of the people whose answer counts */
  whoIds: string[];
  /** milliseconds of the clock of the process that asks, as all times of the record */
  asked: number;
  /** the same in milliseconds of the server's clock; undefined while that was unknown */
  askedThere?: number;
  deadline: number;
  /** times of the remaining reminders */
  reminders: number[];
  /** number of invalid answers */
  attempts: number;
  /** ids of messages accepted as answers */
  taken: string[];
  /** it was being sent when the process ended: it may or may not have been sent */
  uncertain?: boolean;
  /** asking: its next question has certainly not left yet */
  unsent?: boolean;
  /** ids of other people already notified that the question is not for them */
  told?: string[];
  /** stored part of the message */
  carried: Record<string, unknown>;
  /** names of the properties that could not be stored */
  dropped: string[];
  /** data of the node */
  data: D;
}

/** A message that may be an answer. */
export interface Reply {
  message: Message;
  conversation?: Conversation;
  /** it was fetched later, not received live */
  recovered: boolean;
}

/** Outcome of a dialogue. */
export type Ending =
  | { kind: 'answered'; value: unknown; facts: Record<string, unknown> }
  | { kind: 'timeout' }
  | { kind: 'ended'; reason: EndReason };

/** Result of an answer. */
export type Step<D = unknown> =
  | { kind: 'end'; ending: Ending }
  /**
   * Keep waiting. Once the change is stored, `afterwards` replies in the conversation, and `ask` asks the next question
   * there.
   */
  | {
      kind: 'stay';
      change: Partial<Pick<Dialogue<D>, 'attempts' | 'data' | 'deadline' | 'reminders'>>;
      afterwards?: () => Promise<void>;
      /** @param leaves to be awaited right before the request leaves */
      ask?: (leaves: () => Promise<void>) => Promise<DialoguePlace>;
    };

/** A node that asks questions, while it is deployed. */
export interface Asker<D = unknown> {
  /** @returns seconds during which further messages belong to the same answer */
  join(dialogue: Dialogue<D>): number;
  /** whether the other listeners get a message although it could be an answer */
  letsThrough(dialogue: Dialogue<D>, message: Message): boolean;
  /** whether a message is a choice, or a word that ends the question */
  understands(dialogue: Dialogue<D>, message: Message): boolean;
  /** @param said one message, or several in quick succession */
  take(dialogue: Dialogue<D>, said: readonly Reply[]): Promise<Step<D>>;
  /** Send the next reminder. @returns the milliseconds until another attempt if it was not sent */
  remind(dialogue: Dialogue<D>): Promise<number | undefined>;
  /**
   * The record is deleted: emit the outcome, once.
   * @returns false when the node was closed before it could emit: its successor has to
   */
  ended(
    dialogue: Dialogue<D>,
    ending: Ending,
    context: { restarted: boolean; said: readonly Reply[] },
  ): Promise<boolean>;
  /**
   * @returns true if this sent message is the question; called after a crash, when it is unknown whether it was sent
   */
  isQuestion(dialogue: Dialogue<D>, message: Message): boolean;
  /** Send a question again that was never sent. @returns its place */
  askAgain(dialogue: Dialogue<D>): Promise<DialoguePlace>;
  /** Notify another person, once, that the question is not for them. */
  turnAway(dialogue: Dialogue<D>, said: Reply): Promise<void>;
  /** Whether a message after the end was an answer to this dialogue, so that its writer is notified. */
  isLate(dialogue: Dialogue<D>, ending: Ending, said: Reply): boolean;
  /** Notify the writer of a late answer that the question has ended. */
  tellLate(dialogue: Dialogue<D>, said: Reply): Promise<void>;
  /** whether late answers may be answered: the end of a dialogue then survives a restart */
  tellsLate: boolean;
  /** whether a takeover of the conversation ends the dialogue */
  endsOnTakeover: boolean;
  /** Report a failure of this dialogue, which stays open. */
  failed(dialogue: Dialogue<D>, error: unknown): void;
}
