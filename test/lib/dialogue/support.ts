import {
  type Asker,
  type Dialogue,
  type DialoguePlace,
  Dialogues,
  type Ending,
  type Reply,
  type Step,
} from '../../../lib/dialogue';
import { type AccountLedger, createLedger, type Ledger } from '../../../lib/ledger';
import type { Message } from '../../../lib/model';
import { Inbox } from '../support';

export interface Ended {
  dialogue: Dialogue;
  ending: Ending;
  restarted: boolean;
  said: readonly Reply[];
}

/** A node that asks, in the words of a test: "yes" answers, "cancel" ends, everything else is tried again. */
export class TestAsker implements Asker {
  joinSeconds = 0;
  readonly ended_ = new Inbox<Ended>();
  readonly failures: unknown[] = [];
  readonly spoken = new Inbox<string>();
  remindAgainAfter: number | undefined;
  takes = 0;
  /** lets the judgement of an answer end; by default it ends at once */
  judged: Promise<void> = Promise.resolve();

  join(): number {
    return this.joinSeconds;
  }

  endsOnTakeover = true;
  tellsLate = false;
  readonly askedAgain: string[] = [];

  letsThrough(_dialogue: Dialogue, { text = '' }: Message): boolean {
    return text.startsWith('/');
  }

  understands(): boolean {
    return false;
  }

  isQuestion(_dialogue: Dialogue, { text }: Message): boolean {
    return text === 'question?';
  }

  async askAgain({ id }: Dialogue) {
    this.askedAgain.push(id);
    return { conversationId: 'c1', messageId: 'again', since: Date.now() };
  }

  async turnAway(_dialogue: Dialogue, { message }: Reply) {
    this.spoken.add(`not for ${message.senderId}`);
  }

  isLate(): boolean {
    return this.tellsLate;
  }

  async tellLate() {
    this.spoken.add('too late');
  }

  async take(dialogue: Dialogue, said: readonly Reply[]): Promise<Step> {
    this.takes++;
    const words = said.map(({ message }) => message.text).join(' ');
    await this.judged;
    if (words === 'break') throw new Error('broken');
    if (words === 'cancel') return { kind: 'end', ending: { kind: 'ended', reason: 'cancelled' } };
    if (words.startsWith('yes')) return { kind: 'end', ending: { kind: 'answered', value: words, facts: {} } };
    if (words === 'next') return { kind: 'stay', change: {}, ask: this.askNext };
    const afterwards = async () => this.spoken.add(`again ${dialogue.attempts + 1}`);
    return { kind: 'stay', change: { attempts: dialogue.attempts + 1 }, afterwards };
  }

  /** sends the next question of a form */
  askNext: (leaves: () => Promise<void>) => Promise<DialoguePlace> = async (leaves) => {
    await leaves();
    return { conversationId: 'c1', messageId: 'next', since: Date.now() };
  };

  async remind(): Promise<number | undefined> {
    this.spoken.add('reminder');
    return this.remindAgainAfter;
  }

  async ended(dialogue: Dialogue, ending: Ending, context: { restarted: boolean; said: readonly Reply[] }) {
    this.ended_.add({ dialogue, ending, ...context });
    return true;
  }

  failed(_dialogue: Dialogue, error: unknown): void {
    this.failures.push(error);
  }
}

export function memoryLedger(): AccountLedger {
  return createLedger({ keepIn: 'memory', keepDays: 30 });
}

/** @param ahead milliseconds by which the server's clock is ahead of ours */
export function dialoguesOn(ledger: Ledger, problems: unknown[] = [], ahead?: number): Dialogues {
  const onProblem = (error: unknown) => problems.push(error);
  return new Dialogues({ ledger, isOwn: (id) => id.startsWith('own-'), ahead: () => ahead, onProblem });
}

export function question(overrides: Partial<Dialogue> = {}): Dialogue {
  const now = Date.now();
  return {
    id: `q${Math.random().toString(36).slice(2)}`,
    kind: 'ask',
    nodeId: 'node',
    state: 'asking',
    places: [{ conversationId: 'c1', contactId: 'p1' }],
    who: 'contact',
    whoIds: [],
    asked: now,
    deadline: now + 3_600_000,
    reminders: [],
    attempts: 0,
    taken: [],
    carried: { messageId: 'm0', topic: 't' },
    dropped: [],
    data: {},
    ...overrides,
  };
}

export function says(text: string, overrides: Partial<Message> = {}): Reply {
  const message: Message = {
    id: `m${Math.random().toString(36).slice(2)}`,
    conversationId: 'c1',
    direction: 'inbound',
    contentType: 'text',
    text,
    senderType: 'contact',
    senderId: 'p1',
    createdAt: new Date().toISOString(),
    ...overrides,
  };
  return { message, conversation: { id: message.conversationId, contactId: 'p1' }, recovered: false };
}

/** A send that has been taken by the server at once. */
export const sent = async () => [{ conversationId: 'c1', messageId: 'question', since: Date.now() }];
