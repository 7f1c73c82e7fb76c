import { deliveredOf, keysOf, type Memory, type Realtime, type SocketState } from '../../../lib/realtime/index';
import type { SharedEvents } from './shared-events';

/** The live side of an account, as its nodes see it. */
export type LiveSide = Pick<Realtime, Exclude<keyof Realtime, 'hand' | 'feed'>> & {
  /** @returns a promise where instances share their events: it rejects when the event could not be passed on */
  feed(...given: Parameters<Realtime['feed']>): void | Promise<void>;
};

const NOTHING_YET: ReturnType<Realtime['facts']>['counters'] = {
  ...{ frames: 0, events: 0, duplicates: 0, recovered: 0 },
  ...{ gaps: 0, malformed: 0, reconnects: 0, refusedFrames: 0 },
};

/** what was delivered earlier has been noted in the store, in milliseconds: it is away for seconds before anybody notices */
const NOTING_MS = 60_000;
const MAX_NOTED_KEYS = 10_000;

interface Attachment {
  attach(realtime: LiveSide): () => void;
  release?: () => void;
}

export interface LedParts {
  /** create the connection of the leader */
  make(): Realtime;
  /** create the connection of an instance that works alone */
  makeAlone(): Realtime;
  /** this instance works alone */
  isAlone(): boolean;
  /** true only while this instance holds the lease, also after a pause of the process */
  isHeld(): boolean;
  /** state shown while this instance does not lead */
  standing(): SocketState;
  /** the store of all can be reached */
  isReachable(): boolean;
  /** notes in the store what was delivered while it could not be noted; rejects when it cannot */
  note(keys: readonly string[]): Promise<void>;
  /** receives the promise of a closing connection */
  onEnded(ended: Promise<void>): void;
  /** where all instances share the events; undefined where the leader has them all */
  shared?: SharedEvents;
}

/**
 * The live side of one of several instances. Only the leader has a connection. The others record all listeners and
 * subscriptions, and attach them when they become leader. A former leader delivers nothing.
 */
export class LedRealtime implements LiveSide {
  readonly #parts: LedParts;
  readonly #attachments = new Set<Attachment>();
  readonly #listeners = new Set<(state: SocketState) => void>();
  #inner: Realtime | undefined;
  #isAlone = false;
  /** what earlier connections of ours have delivered: without the store they could not write the last of it */
  #delivered: Memory = [];
  /** keys of what was delivered right before we stood down: the store may not know them */
  #unnoted: readonly string[] = [];
  /** keys of what came when this instance did not lead any more, and had not noticed yet */
  readonly #dropped = new Set<string>();
  #isClosed = false;

  constructor(parts: LedParts) {
    this.#parts = parts;
  }

  /** Handle a change of leadership or of the store. */
  update(): void {
    const isAlone = this.#parts.isAlone();
    const works = (this.#parts.isHeld() || isAlone) && !this.#isClosed;
    // Before this or another instance leads and reads what has been delivered.
    this.#noteDelivered();
    if (this.#inner && (!works || isAlone !== this.#isAlone)) this.#standDown();
    if (works && !this.#inner) this.#lead(isAlone);
    if (!this.#inner) this.#announce();
  }

  #lead(isAlone: boolean): void {
    const { shared } = this.#parts;
    const inner = isAlone ? this.#parts.makeAlone() : this.#parts.make();
    this.#inner = inner;
    this.#isAlone = isAlone;
    if (isAlone || !shared) inner.memory.import(this.#delivered);
    inner.onState(() => this.#announce());
    for (const attachment of this.#attachments) attachment.release = attachment.attach(inner);
  }

  #standDown(): void {
    const inner = this.#inner;
    this.#inner = undefined;
    for (const attachment of this.#attachments) {
      attachment.release?.();
      attachment.release = undefined;
    }
    this.#parts.shared?.resign();
    if (!inner) return;
    this.#delivered = deliveredOf(inner.memory.export()).filter(([key]) => !this.#dropped.has(key));
    this.#dropped.clear();
    this.#parts.onEnded(inner.close());
    // What was delivered alone is noted when that is merged.
    if (this.#isAlone || this.#parts.shared) return;
    const since = Date.now() - NOTING_MS;
    this.#unnoted = [...this.#unnoted, ...keysIn(this.#delivered.filter(([, at]) => at > since))].slice(
      -MAX_NOTED_KEYS,
    );
    this.#noteDelivered();
  }

  #noteDelivered(): void {
    const keys = this.#unnoted;
    if (keys.length === 0 || !this.#parts.isReachable()) return;
    this.#unnoted = [];
    this.#parts.note(keys).catch(() => {
      this.#unnoted = [...keys, ...this.#unnoted].slice(-MAX_NOTED_KEYS);
    });
  }

  /** @returns the keys of what has been delivered while this instance worked alone, once */
  takeDelivered(): string[] {
    return keysIn(this.#delivered);
  }

  /** Make the connection anew, from where the last one has come. */
  restart(): void {
    this.#standDown();
    this.update();
  }

  #announce(): void {
    const { state } = this;
    for (const listener of this.#listeners) listener(state);
  }

  #attach(attach: (realtime: LiveSide) => () => void): () => void {
    const attachment: Attachment = { attach };
    this.#attachments.add(attachment);
    if (this.#inner) attachment.release = attach(this.#inner);
    return () => {
      this.#attachments.delete(attachment);
      attachment.release?.();
      attachment.release = undefined;
    };
  }

  get state(): SocketState {
    if (!this.#inner) return this.#parts.standing();
    const { state } = this.#inner;
    if (state.name !== 'open') return state;
    return this.#isAlone ? { ...state, alone: true } : { ...state, leads: true };
  }

  get polls(): boolean {
    return this.#inner?.polls ?? false;
  }

  get counts() {
    return this.#inner?.counts ?? { subscriptions: 0 };
  }

  facts() {
    const { shared } = this.#parts;
    const events = shared && { events: shared.bus.events };
    if (this.#inner) {
      const facts = this.#inner.facts();
      return { ...facts, ...(this.#isAlone && { alone: true as const }), counters: { ...facts.counters, ...events } };
    }
    const { name, since } = this.state;
    return { state: name, since, attempts: 0, subscriptions: 0, counters: { ...NOTHING_YET, ...events } };
  }

  onState(listener: (state: SocketState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  listen(...[listener, returns]: Parameters<Realtime['listen']>): () => void {
    const { shared } = this.#parts;
    if (!shared) return this.#attach((realtime) => realtime.listen(this.#delivering(listener), returns));
    const end = shared.bus.listen(listener, returns);
    // A listener keeps the connection of the leader open.
    const detach = this.#attach((realtime) => realtime.listen(() => {}, returns));
    return () => {
      end();
      detach();
    };
  }

  observe(listener: Parameters<Realtime['observe']>[0]): () => void {
    const { shared } = this.#parts;
    if (shared) return shared.bus.listen(listener, false);
    return this.#attach((realtime) => realtime.observe(this.#guarded(listener)));
  }

  claim(...[order, claimant]: Parameters<Realtime['claim']>): () => void {
    const { shared } = this.#parts;
    if (shared) return shared.bus.claim(order, claimant);
    return this.#attach((realtime) =>
      realtime.claim(order, (delivery) => (this.#works ? claimant(delivery) : undefined)),
    );
  }

  onArrival(...[listener, isWanted]: Parameters<Realtime['onArrival']>): () => void {
    const { shared } = this.#parts;
    if (shared) return shared.bus.onArrival(listener, isWanted);
    return this.#attach((realtime) => realtime.onArrival(this.#guarded(listener), isWanted));
  }

  subscribeAll(): () => void {
    return this.#attach((realtime) => realtime.subscribeAll());
  }

  watchChanges(): () => void {
    return this.#attach((realtime) => realtime.watchChanges());
  }

  subscribe(conversationId: string): () => void {
    return this.#attach((realtime) => realtime.subscribe(conversationId));
  }

  settled(): Promise<void> {
    return this.#inner?.settled() ?? Promise.resolve();
  }

  conversation(id: string) {
    return this.#inner?.conversation(id) ?? this.#parts.shared?.bus.conversation(id);
  }

  announce(event: Parameters<Realtime['announce']>[0]): void {
    const { shared } = this.#parts;
    if (shared) return shared.announce(event);
    this.#inner?.announce(event);
  }

  get ready(): Promise<void> {
    return this.#inner?.ready ?? Promise.resolve();
  }

  get isReady(): boolean {
    return this.#inner?.isReady ?? true;
  }

  /** Only the leader knows which messages have been delivered. */
  isMissed(message: Parameters<Realtime['isMissed']>[0]): boolean {
    return this.#inner?.isMissed(message) ?? false;
  }

  recover(message: Parameters<Realtime['recover']>[0]): Promise<void> {
    return this.#inner?.recover(message) ?? Promise.resolve();
  }

  typing(conversationId: string, isTyping: boolean): boolean {
    return this.#inner?.typing(conversationId, isTyping) ?? false;
  }

  sent(conversationId: string): void {
    this.#inner?.sent(conversationId);
  }

  connect(): void {
    this.#inner?.connect();
  }

  disconnect(): void {
    this.#inner?.disconnect();
  }

  reconnect(): void {
    this.#inner?.reconnect();
  }

  get memory(): Realtime['memory'] {
    return this.#inner?.memory ?? { export: () => [], import() {} };
  }

  isFirst(reader: string, eventId: string): boolean {
    return this.#inner?.isFirst(reader, eventId) ?? true;
  }

  /** Ignored unless leading, or where all share the events: the leader has its own connection. */
  feed(...given: Parameters<Realtime['feed']>): void | Promise<void> {
    const { shared } = this.#parts;
    if (shared && !this.#isAlone) return shared.handIn(given[0]);
    this.#inner?.feed(...given);
  }

  reportGap(reason: Parameters<Realtime['reportGap']>[0]): void {
    this.#inner?.reportGap(reason);
  }

  revive(): void {
    this.#inner?.revive();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#parts.shared?.close();
    await this.#inner?.close();
  }

  get #works(): boolean {
    return this.#isAlone ? this.#parts.isAlone() : this.#parts.isHeld();
  }

  #delivering(listener: Parameters<Realtime['listen']>[0]): Parameters<Realtime['listen']>[0] {
    return (delivery) => {
      if (this.#works) return listener(delivery);
      for (const key of keysOf(delivery.event)) this.#dropped.add(key);
    };
  }

  #guarded<A extends unknown[]>(listener: (...args: A) => void): (...args: A) => void {
    return (...args) => {
      if (this.#works) listener(...args);
    };
  }
}

/** @returns the keys of events, without those of webhooks */
function keysIn(memory: Memory): string[] {
  return memory.map(([key]) => key).filter((key) => /^[emsc]:/.test(key));
}
