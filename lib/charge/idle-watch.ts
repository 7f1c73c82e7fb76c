import { Clock } from '../async/clock';
import type { Ledger } from '../ledger';

interface Silence {
  conversationId: string;
  /** time of the last message, in milliseconds of the clock */
  since: number;
}

export interface IdleSettings {
  ledger: Ledger;
  /** the node to notify */
  nodeId: string;
  /** milliseconds of silence */
  afterMs: number;
  /** a conversation has been silent for that long; called once per silence */
  onIdle(conversationId: string, since: number): void;
  onProblem(error: unknown): void;
}

/** Watched conversations: a server can name any number of them. The one that is silent for longest goes, untold. */
const MAX_SILENCES = 50_000;

/** Detects silent conversations, across restarts and deploys. */
export class IdleWatch {
  readonly #settings: IdleSettings;
  readonly #since = new Map<string, number>();
  readonly #clock: Clock;
  #isStopped = false;

  constructor(settings: IdleSettings) {
    this.#settings = settings;
    this.#clock = new Clock((id) => this.#due(id));
  }

  /** Restore the watches of an earlier process, or learn those of another one. @throws LinktorError `storage` */
  async load(): Promise<void> {
    const { ledger, nodeId, afterMs } = this.#settings;
    for (const { value } of await ledger.find<Silence>('cursor', tagOf(nodeId))) {
      if ((this.#since.get(value.conversationId) ?? 0) < value.since) this.#note(value, afterMs);
    }
    if (!this.#isStopped) this.#clock.start();
  }

  /** A message was written: the silence starts anew. */
  said(conversationId: string): void {
    const { ledger, nodeId, afterMs } = this.#settings;
    const silence: Silence = { conversationId, since: Date.now() };
    this.#note(silence, afterMs);
    const options = { due: silence.since + afterMs, tags: [tagOf(nodeId), `c:${conversationId}`] };
    this.#background(ledger.put('cursor', this.#keyOf(conversationId), silence, options));
  }

  /** Stop watching a conversation. */
  over(conversationId: string): void {
    if (!this.#since.delete(conversationId)) return;
    this.#clock.clear(conversationId);
    this.#background(this.#settings.ledger.delete('cursor', this.#keyOf(conversationId)));
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
    this.#clock.stop();
  }

  #due(conversationId: string): void {
    const since = this.#since.get(conversationId);
    this.over(conversationId);
    if (since !== undefined) this.#settings.onIdle(conversationId, since);
  }

  #note({ conversationId, since }: Silence, afterMs: number): void {
    this.#since.delete(conversationId);
    this.#since.set(conversationId, since);
    if (this.#since.size > MAX_SILENCES) this.over(this.#since.keys().next().value as string);
    this.#clock.set(conversationId, since + afterMs);
  }

  #keyOf(conversationId: string): string {
    return `idle:${this.#settings.nodeId}:${conversationId}`;
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#settings.onProblem(error));
  }
}

const tagOf = (nodeId: string) => `idle:${nodeId}`;
