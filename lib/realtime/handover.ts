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

export interface HandoverSettings {
  /** how long the connection outlives its last user, in milliseconds */
  lingerMs: number;
  /**
   * What becomes of what happened while nobody was there, the open questions apart: asked: it is fetched after a short
   * stop, and a gap after a longer one; all: it is fetched; nothing: it is a gap.
   */
  whileDown: 'asked' | 'all' | 'nothing';
  /** @param act called once, when those who listen are there @returns the function that takes it back */
  whenStarted(act: () => void): () => void;
}

/** How far we have come. */
export interface Position {
  /** milliseconds of the server's clock */
  watermark: number;
  read: readonly ReadConversation[];
}

/** After a stop of up to five minutes a successor goes on where its predecessor has ended. */
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
  readonly #settings: HandoverSettings;
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
  /** what a predecessor had read, milliseconds of the server's clock */
  #readBefore: number | undefined;
  #cancelReport: (() => void) | undefined;

  constructor(parts: HandoverParts, settings: HandoverSettings) {
    this.#parts = parts;
    this.#settings = settings;
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
    return Date.now() - this.#leftAt <= this.#settings.lingerMs;
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
    this.#watermarkValidUntil = Date.now() + this.#settings.lingerMs;
  }

  /** How far we have come; undefined before the server has been asked for the first time. */
  get position(): Position | undefined {
    const { current } = this.#parts.feeds;
    const watermark = current.handoverPoint(this.#parts.interest.wantsAll || this.isWatermarkValid);
    return watermark === undefined ? undefined : { watermark, read: current.readConversations() };
  }

  /** Up to this time a predecessor has delivered everything, milliseconds of the server's clock; if there was one. */
  get readBefore(): number | undefined {
    return this.#readBefore;
  }

  /** What has been delivered and how far, as plain data: a successor delivers nothing twice, and goes on from there. */
  get memory(): Bus['memory'] {
    const { memory } = this.#parts.bus;
    return {
      export: () => {
        const { position } = this;
        if (!position) return memory.export();
        const now = Date.now();
        const read = position.read.map((one): [string, number] => [`${READ_KEY}${one.join(' ')}`, now]);
        return [[`${WATERMARK_KEY}${position.watermark}`, now], ...read, ...memory.export()];
      },
      import: (earlier) => {
        memory.import(earlier.filter(([key]) => !key.startsWith(WATERMARK_KEY) && !key.startsWith(READ_KEY)));
        const read = earlier.flatMap(([key]): ReadConversation[] => {
          if (!key.startsWith(READ_KEY)) return [];
          const [id = '', updatedAt = '', lastMessageAt, skipUpTo] = key.slice(READ_KEY.length).split(' ');
          return [[id, updatedAt, lastMessageAt, skipUpTo]];
        });
        for (const [key, until] of earlier) {
          if (!key.startsWith(WATERMARK_KEY)) continue;
          this.resume({ watermark: Number(key.slice(WATERMARK_KEY.length)), read }, until);
        }
      },
    };
  }

  /**
   * Continue from a predecessor: what happened after its watermark is fetched, or a gap, as the user wants it.
   * @param until when it has ended, milliseconds of the local clock
   * @param isRestart it was another process
   */
  resume({ watermark, read }: Position, until: number, isRestart = false): void {
    const { feeds, gaps } = this.#parts;
    const { whileDown, whenStarted } = this.#settings;
    const isTime = Math.abs(watermark) <= LATEST_TIME_MS;
    if (!isTime || feeds.current.watermark !== undefined) return;
    this.#readBefore = watermark;
    const isShort = Date.now() - until <= MAX_SUCCESSION_MS;
    const isWanted = whileDown === 'all' || (isShort && !(isRestart && whileDown === 'nothing'));
    if (isWanted) {
      feeds.continueFrom(watermark, read);
      this.#watermarkValidUntil = Date.now() + MAX_SUCCESSION_MS;
    } else this.#cancelReport = whenStarted(() => gaps.report('stopped', watermark));
  }

  close(): void {
    clearTimeout(this.#returning);
    clearTimeout(this.#absence);
    this.#cancelReport?.();
    this.#parts.bus.discard();
  }
}
