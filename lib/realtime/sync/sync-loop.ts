import { fence } from '../../async/fence';
import type { Bus } from '../bus/bus';
import type { Interest } from '../interest';
import { isPermanent } from '../rest';
import type { Socket } from '../socket/connection';
import type { ConversationSync } from './conversation-sync';
import type { GapReporter } from './gap-reporter';
import type { Listing, ListingRequest } from './listing';
import type { StallDetector } from './stall-detector';

export interface SyncLoopParts {
  sync: Pick<ConversationSync, 'list' | 'finish' | 'sync' | 'begin' | 'watermark'>;
  bus: Pick<Bus, 'hold' | 'release' | 'emptied' | 'isHolding' | 'heldEvents'>;
  gaps: Pick<GapReporter, 'report'>;
  stall: Pick<StallDetector, 'start' | 'excuse'>;
  interest: Pick<Interest, 'wantsAll'>;
  socket: Pick<Socket, 'state' | 'settled'>;
}

export interface SyncLoopSettings {
  /** milliseconds between two listings for new conversations */
  intervalMs: number;
  /** longest wait of live events for a server that cannot be asked for missed ones, in milliseconds */
  persistenceMs: number;
  onProblem(error: unknown): void;
}

/** Wait before a failed listing is repeated while live events wait, in milliseconds. */
const RETRY_MS = 200;

/**
 * Runs when a connection opens: listings show missed events, then live events continue, except in conversations whose
 * gap is still being filled. Afterwards it lists periodically for new conversations.
 */
export class SyncLoop {
  readonly #parts: SyncLoopParts;
  readonly #settings: SyncLoopSettings;
  /** number of the connection that now brings live events */
  #connection = 0;
  /** number of the last start; earlier ones are ignored */
  #round = 0;
  #timer: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #isStarting = false;
  /** the last start failed halfway: missed events are still to be fetched */
  #isIncomplete = false;
  /** it was already reported for the present connection that the server is unreachable */
  #hasReported = false;

  constructor(parts: SyncLoopParts, settings: SyncLoopSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** Live events wait until missed ones are located. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** The connection has opened or ended: another connection has not brought the events of this one. */
  connectionChanged(): void {
    this.#connection++;
    this.#hasReported = false;
    this.stop();
  }

  /** Do nothing until the next start. */
  stop(): void {
    this.#round++;
    this.#isStarting = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
  }

  /** The connection is lost. Held events wait a while for the next one to show missed events before them. */
  suspend(): void {
    const { bus } = this.#parts;
    if (!bus.isHolding) return;
    bus.hold('sync');
    this.#patience = setTimeout(
      fence(() => {
        // Events missed before them will arrive late.
        if (bus.heldEvents > 0) this.#reportGap();
        bus.release('sync');
      }),
      this.#settings.persistenceMs,
    );
  }

  start(): void {
    this.stop();
    this.#parts.bus.hold('sync');
    this.#isStarting = true;
    this.#open(this.#round);
  }

  #open(round: number, began = Date.now()): void {
    const { bus, sync, stall, socket } = this.#parts;
    const isLast = () => round === this.#round;
    this.#isIncomplete = true;
    this.#list(round)
      .then(async (listings) => {
        if (!isLast()) return;
        this.#resume();
        // The watermark must not pass an event that is still held.
        await bus.emptied();
        await sync.finish(listings);
        if (!isLast()) return;
        this.#isIncomplete = false;
        stall.excuse(sync.watermark ?? 0);
        if (socket.state.name === 'open') stall.start();
      })
      .catch((error: unknown) => {
        this.#settings.onProblem(error);
        if (!isLast()) return;
        // Live events follow the missed ones, if the server can be reached soon.
        const isPatient = !isPermanent(error) && Date.now() - began < this.#settings.persistenceMs;
        if (this.#isStarting && isPatient) return this.#after(RETRY_MS, () => this.#open(round, began));
        this.#reportGap();
        this.#resume();
      })
      .finally(() => {
        if (isLast() && !this.#isStarting) this.#schedule();
      });
  }

  #resume(): void {
    this.#isStarting = false;
    this.#parts.bus.release('sync');
  }

  /** @returns the results of the listings; the last one ran after all subscriptions were active */
  async #list(round: number): Promise<Listing[]> {
    const { sync, interest, socket } = this.#parts;
    const active: ListingRequest = { all: false, gap: true, connection: this.#connection, round };
    const open: ListingRequest = { ...active, all: true };
    // From here on the server sends the events of conversations subscribed before.
    await socket.settled();
    if (!interest.wantsAll) {
      if (sync.watermark !== undefined) return [await sync.list(active)];
      await sync.begin();
      return [];
    }
    const listings: Listing[] = [];
    if (sync.watermark === undefined) await sync.sync(open);
    else {
      // Events of a conversation that is no longer open may also have been missed.
      listings.push(await sync.list(active), await sync.list(open));
      if (!listings.at(-1)?.subscribed) return listings;
    }
    // A message between a listing and the subscriptions is in neither: list again once they are active.
    await socket.settled();
    return [...listings, await sync.list(active)];
  }

  /** Continue live events without those missed before them. */
  #reportGap(): void {
    const { sync, gaps } = this.#parts;
    if (this.#hasReported || sync.watermark === undefined) return;
    this.#hasReported = true;
    gaps.report('unreadable', sync.watermark);
  }

  #after(waitMs: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(fence(act, this.#settings.onProblem), Math.min(waitMs, this.#settings.intervalMs));
  }

  #schedule(): void {
    const { interest, socket } = this.#parts;
    clearTimeout(this.#timer);
    if ((!interest.wantsAll && !this.#isIncomplete) || socket.state.name !== 'open') return;
    const round = this.#round;
    this.#after(this.#settings.intervalMs, () => {
      if (this.#isIncomplete) return this.#open(round);
      if (!interest.wantsAll) return;
      this.#look(round).catch((error: unknown) => this.#settings.onProblem(error));
    });
  }

  /** List the active conversations, some of which may be new. */
  async #look(round: number): Promise<void> {
    try {
      await this.#parts.sync.sync({ all: false, gap: false, connection: this.#connection });
    } finally {
      if (round === this.#round) this.#schedule();
    }
  }
}
