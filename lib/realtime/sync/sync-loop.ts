import { isLasting } from '../time';
import type { ConversationSync, Listing, Look } from './conversation-sync';

export interface OpeningSettings {
  roster: Pick<ConversationSync, 'list' | 'finish' | 'sync' | 'begin' | 'mark'>;
  /** milliseconds between two looks for new conversations */
  interval: number;
  /** milliseconds that live events wait for a server that cannot be asked what was missed */
  persistence: number;
  /** somebody wants all conversations */
  wantsAll(): boolean;
  isOpen(): boolean;
  /** when the server knows of the subscriptions made so far */
  settled(): Promise<void>;
  /** live events have to wait */
  hold(): void;
  /** they go on */
  resume(): void;
  /** all that was missed has been fetched */
  onCaughtUp(): void;
  /** the server has refused to be asked what was missed */
  onUnreadable(since: number): void;
  onProblem(error: unknown): void;
}

/** milliseconds before a listing that failed is tried again while live events wait */
const soon = 200;

/**
 * What is done when a connection stands: first it is found out where something was missed, then live events go on; those
 * of a conversation with a gap wait until that has been filled. And a look now and then for new conversations.
 */
export class SyncLoop {
  readonly #settings: OpeningSettings;
  /** which connection brings the live events */
  #connection = 0;
  /** which start is the last one; those before have nothing to say any more */
  #round = 0;
  #discover: NodeJS.Timeout | undefined;
  #isStarting = false;
  /** the last start has failed halfway: what was missed is still to be fetched */
  #incomplete = false;
  /** the present connection has told that the server refuses */
  #hasComplained = false;

  constructor(settings: OpeningSettings) {
    this.#settings = settings;
  }

  /** Live events wait until it is known where something was missed. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** What a connection brings from now on, another one has not brought. */
  changed(): void {
    this.#connection++;
    this.#hasComplained = false;
    this.stop();
  }

  /** Do nothing more unless there is another start. */
  stop(): void {
    this.#round++;
    this.#isStarting = false;
    clearTimeout(this.#discover);
  }

  start(): void {
    this.stop();
    this.#settings.hold();
    this.#isStarting = true;
    this.#open(this.#round);
  }

  #open(round: number, began = Date.now()): void {
    const isLast = () => round === this.#round;
    this.#incomplete = true;
    this.#list(round)
      .then(async (listings) => {
        if (!isLast()) return;
        this.#goOn();
        await this.#settings.roster.finish(listings);
        if (!isLast()) return;
        this.#incomplete = false;
        this.#settings.onCaughtUp();
      })
      .catch((error: unknown) => {
        this.#settings.onProblem(error);
        if (!isLast()) return;
        this.#complain(error);
        // What is said meanwhile comes after what was missed.
        const isPatient = !isLasting(error) && Date.now() - began < this.#settings.persistence;
        if (this.#isStarting && isPatient) return this.#again(() => this.#open(round, began), soon);
        this.#goOn();
      })
      .finally(() => {
        if (isLast() && !this.#isStarting) this.#schedule();
      });
  }

  #goOn(): void {
    this.#isStarting = false;
    this.#settings.resume();
  }

  /** @returns what the listings have shown, of which the last one was made when all subscriptions stood */
  async #list(round: number): Promise<Listing[]> {
    const { roster, settled, wantsAll } = this.#settings;
    const news: Look = { all: false, gap: true, connection: this.#connection, round };
    const open: Look = { ...news, all: true };
    // From here on we hear what is said where we have been listening before.
    await settled();
    if (!wantsAll()) {
      if (roster.mark !== undefined) return [await roster.list(news)];
      await roster.begin();
      return [];
    }
    const listings: Listing[] = [];
    if (roster.mark === undefined) await roster.sync(open);
    else {
      // What is no longer open may have been missed as well.
      listings.push(await roster.list(news), await roster.list(open));
      if (!listings.at(-1)?.subscribed) return listings;
    }
    // What was said between a listing and the subscriptions is in neither of them: look once they stand.
    await settled();
    return [...listings, await roster.list(news)];
  }

  #complain(error: unknown): void {
    const { roster, onUnreadable } = this.#settings;
    if (this.#hasComplained || roster.mark === undefined || !isLasting(error)) return;
    this.#hasComplained = true;
    onUnreadable(roster.mark);
  }

  #again(act: () => void, wait: number): void {
    clearTimeout(this.#discover);
    this.#discover = setTimeout(act, Math.min(wait, this.#settings.interval));
  }

  #schedule(): void {
    const { interval, wantsAll, isOpen } = this.#settings;
    clearTimeout(this.#discover);
    if ((!wantsAll() && !this.#incomplete) || !isOpen()) return;
    const round = this.#round;
    this.#again(() => {
      if (this.#incomplete) return this.#open(round);
      if (!wantsAll()) return;
      this.#look(round).catch((error: unknown) => this.#settings.onProblem(error));
    }, interval);
  }

  /** Are there new conversations? */
  async #look(round: number): Promise<void> {
    try {
      await this.#settings.roster.sync({ all: false, gap: false, connection: this.#connection });
    } finally {
      if (round === this.#round) this.#schedule();
    }
  }
}
