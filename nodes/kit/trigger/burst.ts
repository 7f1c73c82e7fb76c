import type { Msg } from '../red';

export interface BurstSettings {
  /** milliseconds of silence that end a burst */
  quietMs: number;
  /** milliseconds that the first message of a burst may wait */
  longestMs: number;
  /** maximum number of messages in a burst */
  maxMessages: number;
  emit(msg: Msg): void;
  /** makes a function that a timer may call */
  fenced(act: () => void): () => void;
}

interface Burst {
  person: unknown;
  /** the group in which they write, if it is one */
  chat: unknown;
  msgs: Msg[];
  /** milliseconds of the clock */
  until: number;
  timer: NodeJS.Timeout | undefined;
}

/** A server can name any number of conversations: the oldest burst then ends early. */
const MAX_OPEN_BURSTS = 10_000;

/** Merges messages that one person sends in quick succession in one conversation. */
export class Bursts {
  readonly #settings: BurstSettings;
  /** by conversation */
  readonly #open = new Map<string, Burst>();

  constructor(settings: BurstSettings) {
    this.#settings = settings;
  }

  add(msg: Msg): void {
    const conversation = String(msg.conversationId);
    const person = personOf(msg);
    let burst = this.#open.get(conversation);
    if (burst && (burst.person !== person || burst.chat !== chatOf(msg) || standsAlone(msg))) {
      this.#end(conversation);
      burst = undefined;
    }
    if (standsAlone(msg)) return this.#settings.emit(mergeMessages([msg]));
    if (!burst) {
      burst = { person, chat: chatOf(msg), msgs: [], until: Date.now() + this.#settings.longestMs, timer: undefined };
      this.#open.set(conversation, burst);
      if (this.#open.size > MAX_OPEN_BURSTS) this.#end(this.#open.keys().next().value as string);
    }
    burst.msgs.push(msg);
    if (burst.msgs.length >= this.#settings.maxMessages) this.#end(conversation);
    else this.#wait(conversation, burst);
  }

  /** Extend the wait while the person is typing. @param person undefined: unknown to the server */
  typing(conversation: string, person: string | undefined): void {
    const burst = this.#open.get(conversation);
    if (burst && (person === undefined || burst.person === person)) this.#wait(conversation, burst);
  }

  /** @returns the messages of each open burst; the bursts are removed */
  drain(): Msg[][] {
    const bursts = [...this.#open.values()];
    this.#open.clear();
    for (const { timer } of bursts) clearTimeout(timer);
    return bursts.map(({ msgs }) => msgs);
  }

  /** Emit all open bursts now. */
  flush(): void {
    for (const conversation of this.#open.keys()) this.#end(conversation);
  }

  #wait(conversation: string, burst: Burst): void {
    const { quietMs } = this.#settings;
    clearTimeout(burst.timer);
    const left = Math.max(0, Math.min(quietMs, burst.until - Date.now()));
    burst.timer = setTimeout(
      this.#settings.fenced(() => this.#end(conversation)),
      left,
    );
  }

  #end(conversation: string): void {
    const burst = this.#open.get(conversation);
    if (!burst) return;
    clearTimeout(burst.timer);
    this.#open.delete(conversation);
    this.#settings.emit(mergeMessages(burst.msgs));
  }
}

function personOf({ sender }: Msg): unknown {
  return (sender as { id?: unknown } | undefined)?.id;
}

/** A server may keep what a person writes in a group and alone in one conversation. */
function chatOf({ group }: Msg): unknown {
  return group === undefined ? undefined : ((group as { id?: unknown }).id ?? true);
}

/** A choice, a location or a contact card is an answer of its own. */
function standsAlone({ choice, location, card }: Msg): boolean {
  return choice !== undefined || location !== undefined || card !== undefined;
}

/** Return the last message with the texts and files of all. */
export function mergeMessages(msgs: readonly Msg[]): Msg {
  const words = msgs.map(({ payload }) => String(payload)).filter((one) => one !== '');
  return {
    ...msgs.at(-1),
    payload: words.join('\n'),
    attachments: msgs.flatMap(({ attachments }) => attachments),
    merged: msgs.map(({ messageId }) => messageId),
  };
}
