import { fence } from '../async/fence';
import type { Bus } from './bus/bus';
import type { ReadConversation } from './feed';
import type { FeedChoice } from './feed-choice';
import type { Interest } from './interest';
import { isOff } from './socket/state';
import type { GapReporter } from './sync/gap-reporter';

export interface HandoverParts {
  bus: Bus;
  interest: Interest;
  gaps: GapReporter;
  feeds: FeedChoice;
}

export interface HandoverSettings {
  /** time that the connection outlives its last user, in milliseconds */
  lingerMs: number;
  /**
   * Handling of events from the time offline, open questions apart: asked: fetched after a short stop, a gap after a
   * longer one; all: fetched; nothing: a gap.
   */
  whileDown: 'asked' | 'all' | 'nothing';
  /** @param act called once, when the listeners are ready @returns the function that cancels the call */
  whenStarted(act: () => void): () => void;
}

/** Progress of an account. */
export interface Position {
  /** milliseconds of the server's clock */
  watermark: number;
  read: readonly ReadConversation[];
}

/** Longest stop after which a successor continues from the end of its predecessor, in milliseconds. */
const MAX_SUCCESSION_MS = 300_000;
/** The latest time of a Date. */
const LATEST_TIME_MS = 8.64e15;
/** Time until all nodes of a deploy are back, in milliseconds. */
export const RETURN_MS = 100;
/** Time that the other listeners wait for one that a deploy may be replacing, in milliseconds. */
export const ABSENCE_MS = 1000;

/** Entries stored beside the keys of the bus: `w:<watermark>`, and `l:<id> <changed at>` of each read conversation. */
const WATERMARK_KEY = 'w:';
const READ_KEY = 'l:';

/** @returns the keys of delivered events, without the progress */
export function deliveredOf<T extends readonly [key: string, seenAt: number]>(memory: readonly T[]): T[] {
  return memory.filter(([key]) => !key.startsWith(WATERMARK_KEY) && !key.startsWith(READ_KEY));
}

/** Holds events while a deploy replaces their listeners, and passes the progress to a successor. */
export class Handover {
  readonly #parts: HandoverParts;
  readonly #settings: HandoverSettings;
  #users = 0;
  /** time at which the last returning listener left, in milliseconds of the local clock */
  #leftAt = 0;
  #returning: NodeJS.Timeout | undefined;
  /** set while the others wait for an absent listener */
  #absence: NodeJS.Timeout | undefined;
  /** end of this wait, and the time of its timer, in milliseconds of the local clock */
  #absentUntil = 0;
  #absenceTimerAt = 0;
  /** held events were dropped while there was no listener */
  #hasOverflowed = false;
  /** until this time (local clock, ms) a redeployed "all conversations" trigger may continue from the old watermark */
  #watermarkValidUntil = 0;
  /** end of a predecessor's reading, in milliseconds of the server's clock */
  #readBefore: number | undefined;
  #cancelReport: (() => void) | undefined;

  constructor(parts: HandoverParts, settings: HandoverSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** At least one listener exists. */
  get isUsed(): boolean {
    return this.#users > 0;
  }

  /**
   * Add a listener.
   * @param returns it returns after a deploy: events are held meanwhile
   * @returns the function that removes it
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
    // A listener that returns late does not want the events of its absence.
    if (feeds.current.state.name === 'paused' && !this.#mayReturn) feeds.forget();
    if (!bus.isHolding) return;
    if (this.#hasOverflowed) {
      this.#hasOverflowed = false;
      gaps.report('overflow', feeds.current.watermark);
      feeds.current.rescan();
    }
    // The other nodes of the deploy follow shortly, and need these events as well.
    clearTimeout(this.#returning);
    this.#returning = setTimeout(
      fence(() => bus.release('handover')),
      RETURN_MS,
    );
  }

  /** The last listener has left, perhaps only for a deploy. */
  #leaveLast(): void {
    clearTimeout(this.#returning);
    clearTimeout(this.#absence);
    this.#absence = undefined;
    const { state } = this.#parts.feeds.current;
    if (state.name === 'paused' || !this.#mayReturn) return;
    // Without a connection no state ends the hold.
    if (isOff(state)) this.#holdForAbsent(ABSENCE_MS);
    else this.#parts.bus.hold('handover');
  }

  /** One of several listeners has left, perhaps only for a deploy. */
  #holdForAbsent(waitMs: number): void {
    this.#parts.bus.hold('handover');
    this.#absentUntil = Date.now() + waitMs;
    // One timer for all listeners of a deploy: it is set anew when it has run, or would come too late.
    if (!this.#absence || this.#absenceTimerAt > this.#absentUntil) this.#waitForAbsent(waitMs);
  }

  #waitForAbsent(waitMs: number): void {
    clearTimeout(this.#absence);
    this.#absenceTimerAt = Date.now() + waitMs;
    this.#absence = setTimeout(
      fence(() => {
        this.#absence = undefined;
        const leftMs = this.#absentUntil - Date.now();
        if (leftMs > 0) this.#waitForAbsent(leftMs);
        else this.#parts.bus.release('handover');
      }),
      waitMs,
    );
  }

  /** Absent listeners may return soon. */
  get #mayReturn(): boolean {
    return Date.now() - this.#leftAt <= this.#settings.lingerMs;
  }

  /** The connection was closed on purpose: do not wait for listeners. */
  letGo(): void {
    if (this.isUsed || !this.#mayReturn) this.#parts.bus.flush();
  }

  /** No listener has returned: pass held events to observers, if any, and skip later events. */
  end(): void {
    const { bus, feeds } = this.#parts;
    if (bus.hasListeners) bus.flush();
    bus.discard();
    feeds.forget();
  }

  /** The hold limit is exceeded. */
  overflow(): void {
    const { bus, gaps, feeds } = this.#parts;
    if (!this.isUsed) {
      // Delivered without a listener, they would count as delivered. They are fetched later, as far as possible.
      bus.discard();
      bus.hold('handover');
      this.#hasOverflowed = true;
      return;
    }
    const { isCatchingUp } = feeds.current;
    bus.flush();
    if (isCatchingUp) gaps.report('overflow', feeds.current.receivedUpTo);
  }

  /** A redeploy must not lose events, but events from a time without a trigger for all conversations are no gap. */
  get isWatermarkValid(): boolean {
    return Date.now() <= this.#watermarkValidUntil;
  }

  /** All conversations are no longer wanted, perhaps only during a deploy. */
  allUnwanted(): void {
    this.#watermarkValidUntil = Date.now() + this.#settings.lingerMs;
  }

  /** The progress; undefined before the first request to the server. */
  get position(): Position | undefined {
    const { current } = this.#parts.feeds;
    const watermark = current.handoverPoint(this.#parts.interest.wantsAll || this.isWatermarkValid);
    return watermark === undefined ? undefined : { watermark, read: current.readConversations() };
  }

  /** Time up to which a predecessor, if any, delivered all events, in milliseconds of the server's clock. */
  get readBefore(): number | undefined {
    return this.#readBefore;
  }

  /** Delivered keys and progress as plain data: a successor delivers nothing twice, and continues from there. */
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
        memory.import(deliveredOf(earlier));
        const read = earlier.flatMap(([key]): ReadConversation[] => {
          if (!key.startsWith(READ_KEY)) return [];
          const [id = '', updatedAt = '', ...more] = key.slice(READ_KEY.length).split(' ');
          const [lastMessageAt, skipUpTo, pendingSince] = more;
          return [[id, updatedAt, lastMessageAt, skipUpTo, pendingSince]];
        });
        for (const [key, until] of earlier) {
          if (!key.startsWith(WATERMARK_KEY)) continue;
          this.resume({ watermark: Number(key.slice(WATERMARK_KEY.length)), read }, until);
        }
      },
    };
  }

  /**
   * Continue from a predecessor: events after its watermark are fetched, or are a gap, depending on the settings.
   * @param until its end, in milliseconds of the local clock
   * @param isRestart it ran in another process
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
