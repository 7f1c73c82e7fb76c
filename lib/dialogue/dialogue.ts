import type { Conversation, Message } from '../model';

/** Whose answer counts. */
export const awaitable = ['contact', 'anyone', 'colleague', 'these'] as const;
export type Awaited = (typeof awaitable)[number];

/** Why a dialogue has ended without an answer, and not because its time was up. */
export type EndReason = 'invalid' | 'cancelled' | 'replaced' | 'taken_over' | 'resolved' | 'closed';

/** One conversation in which an answer may come. */
export interface DialoguePlace {
  /** unknown until a send to a contact has found it */
  conversationId?: string;
  contactId?: string;
  /** of the question; unknown until the server has taken it */
  messageId?: string;
  /** when the server says that the question was made, milliseconds of its clock */
  since?: number;
}

/** A question, or a form, that waits: what lies in the ledger. Plain data. */
export interface Dialogue<D = unknown> {
  id: string;
  kind: 'ask' | 'form';
  nodeId: string;
  /** asking: it has not certainly left; an answer may come all the same */
  state: 'asking' | 'waiting';
  places: DialoguePlace[];
  who: Awaited;
  /** ids, phone numbers and e-mail addresses of those who may answer, for `these` */
  whoIds: string[];
  /** milliseconds of our clock */
  asked: number;
  deadline: number;
  /** times of the reminders that are still to be sent */
  reminders: number[];
  /** answers that could not be used */
  attempts: number;
  /** ids of messages that have been taken as answers */
  taken: string[];
  /** it was being sent when the process ended: nobody knows whether it has left */
  uncertain?: boolean;
  /** ids of those who have read that the question is for somebody else */
  told?: string[];
  /** what of the message is kept until the answer */
  carried: Record<string, unknown>;
  /** what of it could not be kept */
  dropped: string[];
  /** what the node needs besides */
  data: D;
}

/** A message that may be an answer. */
export interface Said {
  message: Message;
  conversation?: Conversation;
  /** it was fetched afterwards */
  recovered: boolean;
}

/** What has come of a dialogue. */
export type Ending =
  | { kind: 'answered'; value: unknown; facts: Record<string, unknown> }
  | { kind: 'nobody' }
  | { kind: 'ended'; reason: EndReason };

/** What comes of an answer. */
export type Step<D = unknown> =
  | { kind: 'end'; ending: Ending }
  /**
   * It goes on waiting. Once the change is kept, `afterwards` says something in the conversation, and `ask` asks the next
   * question there.
   */
  | {
      kind: 'stay';
      change: Partial<Pick<Dialogue<D>, 'attempts' | 'data' | 'deadline' | 'reminders'>>;
      afterwards?: () => Promise<void>;
      ask?: () => Promise<DialoguePlace>;
    };

/** A node that asks, for as long as it is deployed. */
export interface Asker<D = unknown> {
  /** @returns seconds in which further messages belong to the same answer */
  join(dialogue: Dialogue<D>): number;
  /** a message that others have to get although it could be an answer */
  letsThrough(dialogue: Dialogue<D>, message: Message): boolean;
  /** a word that is a choice, or that ends the question */
  understands(dialogue: Dialogue<D>, message: Message): boolean;
  /** @param said one message, or several that came in quick succession */
  take(dialogue: Dialogue<D>, said: readonly Said[]): Promise<Step<D>>;
  /** Send the next reminder. @returns when to try again instead, milliseconds of the clock */
  remind(dialogue: Dialogue<D>): Promise<number | undefined>;
  /** The record is gone: emit what came of it, once. */
  ended(dialogue: Dialogue<D>, ending: Ending, context: { restarted: boolean; said: readonly Said[] }): Promise<void>;
  /** Is this message of ours the question? Asked after a crash, when nobody knows whether it has left. */
  isQuestion(dialogue: Dialogue<D>, message: Message): boolean;
  /** Send the question again: it has not left. @returns where it stands */
  askAgain(dialogue: Dialogue<D>): Promise<DialoguePlace>;
  /** Tell somebody else, once, that the question is not for them. */
  turnAway(dialogue: Dialogue<D>, said: Said): Promise<void>;
  /** Whether a message after the end was meant for this dialogue, and its writer is to be told. */
  isLate(dialogue: Dialogue<D>, ending: Ending, said: Said): boolean;
  /** Tell somebody that the question is over. */
  tellLate(dialogue: Dialogue<D>, said: Said): Promise<void>;
  /** a person has taken the conversation over: whether that ends the dialogue */
  endsOnTakeover: boolean;
  /** Something that belongs to this dialogue has failed; it goes on waiting. */
  failed(dialogue: Dialogue<D>, error: unknown): void;
}
