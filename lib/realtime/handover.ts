import type { Bus } from './bus/bus';
import type { ReadConversation } from './feed';
import type { FeedChoice } from './feed-choice';
import type { Interest } from './interest';
import type { GapReporter } from './sync/gap-reporter';

export interface HandoverParts {
  bus: Bus;
  interest: Interest;
  gaps: GapReporter;
  feeds: FeedChoice;
}

/** A successor goes on where its predecessor has ended, if that was not longer ago. */
const MAX_SUCCESSION_MS = 300_000;
/** The latest time that a Date can hold. */
const LATEST_TIME_MS = 8.64e15;
/** How long the nodes of a deploy take to be there again. */
export const RETURN_MS = 100;
/** How long the other listeners wait for one that a deploy may be replacing. */
const ABSENCE_MS = 1000;

/** What is remembered beside the keys of the bus: `w:<watermark>`, and `l:<id> <changed at>` of each read conversation. */
const WATERMARK_KEY = 'w:';
const READ_KEY = 'l:';

/** Keeps events together while a deploy replaces their listeners, and hands on to a successor how far we have come. */
export class Handover {
  readonly #parts: HandoverParts;
  readonly #lingerMs: number;
  #users = 0;
  /** when the last listener left that may return, milliseconds of the local clock */
  #leftAt = 0;
  #returning: NodeJS.Timeout | undefined;
  /** set while the others wait for a listener that has left */
  #absence: NodeJS.Timeout | undefined;
  /** held events had to be dropped while nobody listened */
  #hasOverflowed = false;
  /** until this time (local clock, ms) a redeployed "all conversations" trigger may continue from the old watermark */
  #watermarkValidUntil = 0;

  /** @param lingerMs how long the connection outlives its last user, in milliseconds */
  constructor(parts: HandoverParts, lingerMs: number) {
    this.#parts = parts;
    this.#lingerMs = lingerMs;
  }

  /** Somebody listens. */
  get isUsed(): boolean {
    return this.#users > 0;
  }

  /**
   * A listener comes.
   * @param returns it comes back after a deploy: what happens meanwhile is kept
   * @returns the function to call when it leaves
   */
  enter(returns: boolean): () => void {
    this.#users++;
    if (this.#users === 1) this.#enterFirst();
    else if (returns && this.#absence) this.#holdForAbsent(RETURN_MS);
    return () => {
      if (returns) this.#leftAt = Date.now();
      this.#users--;
      if (this.#users === 0) this.#leaveLast();
      else if (returns && this.#parts.feeds.current.state.name === 'open') this.#holdForAbsent(ABSENCE_MS);
    };
  }

  #enterFirst(): void {
    const { bus, gaps, feeds } = this.#parts;
    // A listener that returns late is not interested in what happened while nobody listened.
    if (feeds.current.state.name === 'paused' && !this.#mayReturn) feeds.forget();
    if (!bus.isHolding) return;
    if (this.#hasOverflowed) {
      this.#hasOverflowed = false;
      gaps.report('overflow', feeds.current.watermark);
      feeds.current.rescan();
    }
    // The other nodes of the deploy come right after the first one, and want these events as well.
    clearTimeout(this.#returning);
    this.#returning = setTimeout(() => bus.release('handover'), RETURN_MS);
  }

  /** Nobody listens any more, perhaps only for the time that a deploy takes. */
  #leaveLast(): void {
    clearTimeout(this.#returning);
    clearTimeout(this.#absence);
    this.#absence = undefined;
    if (this.#parts.feeds.current.state.name !== 'paused' && this.#mayReturn) this.#parts.bus.hold('handover');
  }

  /** One of several listeners has left, perhaps only for the time that a deploy takes. */
  #holdForAbsent(waitMs: number): void {
    const { bus } = this.#parts;
    bus.hold('handover');
    clearTimeout(this.#absence);
    this.#absence = setTimeout(() => {
      this.#absence = undefined;
      bus.release('handover');
    }, waitMs);
  }

  /** Listeners that have left may be back soon. */
  get #mayReturn(): boolean {
    return Date.now() - this.#leftAt <= this.#lingerMs;
  }

  /** The connection is let go on purpose: there is nothing to wait for. */
  letGo(): void {
    if (this.isUsed || !this.#mayReturn) this.#parts.bus.flush();
  }

  /** Nobody has come back: held events go to onlookers, if there are any, and what happens from now on is not wanted. */
  end(): void {
    const { bus, feeds } = this.#parts;
    if (bus.hasListeners) bus.flush();
    bus.discard();
    feeds.forget();
  }

  /** More has come than can be held back. */
  overflow(): void {
    const { bus, gaps, feeds } = this.#parts;
    if (!this.isUsed) {
      // Delivered to nobody it would count as delivered. What can be fetched is fetched when somebody listens again.
      bus.discard();
      bus.hold('handover');
      this.#hasOverflowed = true;
      return;
    }
    const { isCatchingUp } = feeds.current;
    bus.flush();
    if (isCatchingUp) gaps.report('overflow', feeds.current.receivedUpTo);
  }

  /** A redeploy must lose nothing; but what happened while nobody wanted all conversations is no gap. */
  get isWatermarkValid(): boolean {
    return Date.now() <= this.#watermarkValidUntil;
  }

  /** All conversations are no longer wanted, perhaps only for the time that a deploy takes. */
  allUnwanted(): void {
    this.#watermarkValidUntil = Date.now() + this.#lingerMs;
  }

  /** What has been delivered and how far, as plain data: a successor delivers nothing twice, and goes on from there. */
  get memory(): Bus['memory'] {
    const { memory } = this.#parts.bus;
    return {
      export: () => {
        const { current } = this.#parts.feeds;
        const watermark = current.handoverPoint(this.#parts.interest.wantsAll || this.isWatermarkValid);
        if (watermark === undefined) return memory.export();
        const now = Date.now();
        const read = current.readConversations().map((one): [string, number] => [`${READ_KEY}${one.join(' ')}`, now]);
        return [[`${WATERMARK_KEY}${watermark}`, now], ...read, ...memory.export()];
      },
      import: (earlier) => {
        memory.import(earlier.filter(([key]) => !key.startsWith(WATERMARK_KEY) && !key.startsWith(READ_KEY)));
        const read = earlier.flatMap(([key]): ReadConversation[] => {
          if (!key.startsWith(READ_KEY)) return [];
          const [id = '', updatedAt = '', lastMessageAt, skipUpTo] = key.slice(READ_KEY.length).split(' ');
          return [[id, updatedAt, lastMessageAt, skipUpTo]];
        });
        for (const [key, until] of earlier) {
          if (key.startsWith(WATERMARK_KEY)) this.#succeed(Number(key.slice(WATERMARK_KEY.length)), until, read);
        }
      },
    };
  }

  /**
   * Continue from a previous instance: everything after its watermark is a gap to fill.
   * @param watermark milliseconds of the server's clock
   * @param until when it has ended, milliseconds of the local clock
   */
  #succeed(watermark: number, until: number, read: readonly ReadConversation[]): void {
    const { feeds } = this.#parts;
    const isLate = Date.now() - until > MAX_SUCCESSION_MS;
    const isTime = Math.abs(watermark) <= LATEST_TIME_MS;
    if (isLate || !isTime || feeds.current.watermark !== undefined || feeds.current.state.name !== 'idle') return;
    feeds.continueFrom(watermark, read);
    this.#watermarkValidUntil = until + MAX_SUCCESSION_MS;
  }

  close(): void {
    clearTimeout(this.#returning);
    clearTimeout(this.#absence);
    this.#parts.bus.discard();
  }
}
