import { Clock } from '../async/clock';
import type { Ledger } from '../ledger';
import type { Event, Message } from '../model';
import { anyOf } from '../text';
import { heldBack } from './held-back';
import { type Sign, signOf, type TakeoverEnd, type TakeoverSign } from './signs';
import type { ReturnReason, Stretch, Takeover, TakeoverReason } from './takeover';
import { Undecided } from './undecided';

export interface TakeoverSettings {
  /** opened on first use */
  ledger(): Ledger;
  /** false: no person is ever in charge */
  isOn: boolean;
  by: readonly TakeoverSign[];
  /** milliseconds of the person's silence after which the takeover ends; 0: never */
  resumeAfterMs: number;
  resumeOn: readonly TakeoverEnd[];
  /** keywords by which staff takes over and gives back; the whole message must match */
  offWords: readonly string[];
  onWords: readonly string[];
  /** whether we sent this message, as far as known now */
  isOurs(message: Message): boolean;
  /** whether another program may have sent the message as our user, or its sender may not silence us */
  isUnattributed?(message: Message): boolean;
  onBegan(takeover: Takeover): void;
  onEnded(takeover: Takeover, reason: ReturnReason): void;
  /** @returns milliseconds by which a clock that all instances share is ahead of ours; by default 0 */
  ahead?(): number;
  /** the ledger cannot be used; the state stays in memory */
  onProblem(error: unknown): void;
}

/** Lifetime of an ended stretch: a flow that asks later is not informed of it. */
const STRETCH_TTL_MS = 24 * 3_600_000;
const CLOCK_GRAIN_MS = 1000;
/** Number of checked message ids: a message may arrive on several paths. */
const MAX_SEEN = 5000;
/** Conversations with a takeover: a server can name any number of them. The one without a sign for longest goes. */
const MAX_TAKEOVERS = 20_000;

/**
 * Conversations that a person has taken over. Checked right before every send, so it is synchronous and in memory; the
 * ledger keeps it across restarts.
 */
export class Takeovers {
  readonly #settings: TakeoverSettings;
  readonly #known = new Map<string, Takeover>();
  readonly #undecided = new Undecided();
  readonly #seen = new Set<string>();
  /** known assignees of conversations */
  readonly #assignees = new Map<string, string>();
  /** times at which conversations were given back */
  readonly #givenBack = new Map<string, number>();
  readonly #clock: Clock;
  readonly #isOff: (text: string) => boolean;
  readonly #isOn: (text: string) => boolean;
  #loading: Promise<void> | undefined;

  constructor(settings: TakeoverSettings) {
    this.#settings = settings;
    this.#isOff = anyOf(settings.offWords);
    this.#isOn = anyOf(settings.onWords);
    this.#clock = new Clock((id) => this.#due(id));
    this.#clock.start();
  }

  /**
   * Restore the state of an earlier process, or take over that of another one; nothing is sent before.
   * @throws LinktorError `storage`: the state stays in memory only
   */
  load(): Promise<void> {
    const loading = this.#load();
    const done = () => {
      if (this.#loading === settled) this.#loading = undefined;
    };
    const settled = loading.then(done, done);
    this.#loading = settled;
    return loading;
  }

  async #load(): Promise<void> {
    const before = new Map(this.#known);
    const stored = await this.#settings.ledger().list<Takeover>('pause');
    // What has happened meanwhile is newer than what is stored.
    const isUntouched = (id: string) => this.#known.get(id) === before.get(id);
    const left = new Set(before.keys());
    for (const { value } of stored) {
      left.delete(value.conversationId);
      if (isUntouched(value.conversationId)) this.#note(shifted(value, -this.#ahead));
    }
    for (const id of left) {
      if (!isUntouched(id)) continue;
      this.#known.delete(id);
      this.#clock.clear(id);
    }
  }

  stop(): void {
    this.#clock.stop();
  }

  /** @returns the takeover, if a person is in charge */
  get(conversationId: string): Takeover | undefined {
    const found = this.#known.get(conversationId);
    return found?.ended === undefined ? found : undefined;
  }

  /** No conversation is known, so no check is needed. */
  get isEmpty(): boolean {
    return this.#known.size === 0 && this.#loading === undefined;
  }

  /** @returns all takeovers, latest first */
  list(): Takeover[] {
    const active = [...this.#known.values()].filter(({ ended }) => ended === undefined);
    return active.sort((one, other) => other.since - one.since);
  }

  /** Note that one of our sends into a conversation starts. @returns the function to call when it has ended */
  enter(conversationId: string): () => void {
    return this.#undecided.enter(conversationId);
  }

  /** The id of a message that we sent has become known. */
  sent(conversationId: string): void {
    this.#undecided.look(conversationId);
  }

  /**
   * Check whether a message may be sent into this conversation now.
   * @returns a promise while this is undecided
   * @throws LinktorError, see `isHeldBack`
   */
  pass(conversationId: string): void | Promise<void> {
    const waiting = this.settled(conversationId);
    if (waiting !== undefined) return waiting.then(() => this.pass(conversationId));
    if (this.get(conversationId)) throw heldBack();
  }

  /** @returns a promise while it is undecided whether a person is in charge */
  settled(conversationId: string): Promise<void> | undefined {
    return this.#loading ?? this.#undecided.waiting(conversationId);
  }

  /**
   * Handle an event on arrival, before it is queued.
   * @param at time at which it counts as a sign, in milliseconds of the clock
   * @param happened time of the event on the server; events from before a give-back are ignored
   */
  arrived(event: Event, at: number, happened = at): void {
    const { conversationId } = event;
    if (!this.#settings.isOn || conversationId === undefined) return;
    const sign = signOf(event);
    if (!sign) return;
    // Many servers give message times in whole seconds.
    const latest = event.message ? happened + CLOCK_GRAIN_MS : happened;
    if (latest < (this.#givenBack.get(conversationId) ?? 0)) return;
    if ('ends' in sign) {
      this.#assignees.delete(conversationId);
      if (this.#settings.resumeOn.includes(sign.ends)) this.end(conversationId, sign.ends);
    } else if (sign.begins === 'assigned' && !this.#isNewAssignee(conversationId, sign.by)) {
      return;
    } else if (sign.message) this.#written(conversationId, sign, sign.message, at);
    else if (this.#settings.by.includes(sign.begins)) this.#sign(conversationId, sign.begins, sign.by, at);
  }

  /**
   * Start a takeover.
   * @param by the assignee, if known
   * @param forMs duration in milliseconds; 0: until given back; undefined: as after any other sign
   */
  begin(conversationId: string, reason: TakeoverReason, by?: string, forMs?: number): void {
    const length = forMs ?? this.#settings.resumeAfterMs;
    if (by !== undefined) this.#isNewAssignee(conversationId, by);
    this.#begin(conversationId, reason, by, Date.now(), length);
  }

  /** End a takeover. @returns false when no person was in charge */
  end(conversationId: string, reason: ReturnReason): boolean {
    const takeover = this.get(conversationId);
    if (!takeover) return false;
    const { until: _, ...rest } = takeover;
    const ended: Takeover = { ...rest, ended: Date.now() };
    this.#note(ended);
    this.#keep(ended);
    if (reason !== 'time') this.#noteReturn(conversationId, Date.now());
    this.#settings.onEnded(ended, reason);
    return true;
  }

  /** @returns the stretch since the flow last ran, once; undefined when there was none */
  takeStretch(conversationId: string): Stretch | undefined {
    const { ended, since: from, by, reason } = this.#known.get(conversationId) ?? {};
    if (ended === undefined || from === undefined || reason === undefined) return undefined;
    this.#forget(conversationId);
    return { from, to: ended, by, reason };
  }

  /** Remove all knowledge of takeovers in this conversation. */
  forget(conversationId: string): void {
    this.#forget(conversationId);
  }

  /** A listing reports a known assignment late, and repeatedly. */
  #isNewAssignee(conversationId: string, by: string | undefined): boolean {
    if (by === undefined || this.#assignees.get(conversationId) === by) return by === undefined;
    this.#assignees.delete(conversationId);
    this.#assignees.set(conversationId, by);
    if (this.#assignees.size > MAX_SEEN) this.#assignees.delete(this.#assignees.keys().next().value as string);
    return true;
  }

  #noteReturn(conversationId: string, at: number): void {
    this.#givenBack.delete(conversationId);
    this.#givenBack.set(conversationId, at);
    if (this.#givenBack.size > MAX_SEEN) this.#givenBack.delete(this.#givenBack.keys().next().value as string);
  }

  #due(conversationId: string): void {
    if (this.get(conversationId)) this.end(conversationId, 'time');
    else this.#forget(conversationId);
  }

  #forget(conversationId: string): void {
    this.#known.delete(conversationId);
    this.#clock.clear(conversationId);
    this.#background(this.#settings.ledger().delete('pause', conversationId));
  }

  #written(conversationId: string, { begins, by }: Exclude<Sign, { ends: unknown }>, message: Message, at: number) {
    if (this.#seen.has(message.id)) return;
    this.#seen.add(message.id);
    if (this.#seen.size > MAX_SEEN) this.#seen.delete(this.#seen.values().next().value as string);
    const { isOurs, isUnattributed } = this.#settings;
    if (isOurs(message)) return;
    const decide = () => {
      if (begins === 'message' && isUnattributed?.(message)) return;
      const text = message.text ?? '';
      if (this.#isOn(text)) this.end(conversationId, 'word');
      else if (this.#isOff(text)) this.#sign(conversationId, 'word', by, at);
      else if (this.#settings.by.includes(begins)) this.#sign(conversationId, begins, by, at);
    };
    if (!this.#undecided.isLeaving(conversationId)) return decide();
    this.#undecided.add(
      conversationId,
      () => isOurs(message),
      (ours) => {
        if (!ours) decide();
      },
    );
  }

  #sign(conversationId: string, reason: TakeoverReason, by: string | undefined, at: number): void {
    this.#begin(conversationId, reason, by, at, this.#settings.resumeAfterMs);
  }

  #begin(conversationId: string, reason: TakeoverReason, by: string | undefined, at: number, lengthMs: number): void {
    const until = lengthMs > 0 ? at + lengthMs : undefined;
    // The takeover happened while we were offline, and has expired since.
    if (until !== undefined && until <= Date.now()) return;
    const before = this.#known.get(conversationId);
    const isNew = before === undefined || before.ended !== undefined;
    // A sign does not shorten a period set by a flow or a user.
    const lasts = !isNew && before.until === undefined ? undefined : latest(isNew ? undefined : before.until, until);
    const takeover: Takeover = {
      conversationId,
      reason: isNew ? reason : before.reason,
      by: by ?? (isNew ? undefined : before.by),
      since: isNew ? at : before.since,
      last: at,
      ...(lasts !== undefined && { until: lasts }),
    };
    this.#note(takeover);
    this.#keep(takeover);
    if (isNew) this.#settings.onBegan(takeover);
  }

  #note(takeover: Takeover): void {
    const { conversationId, until, ended } = takeover;
    this.#known.delete(conversationId);
    this.#known.set(conversationId, takeover);
    if (this.#known.size > MAX_TAKEOVERS) this.#forget(this.#known.keys().next().value as string);
    const due = ended === undefined ? until : ended + STRETCH_TTL_MS;
    if (due === undefined) this.#clock.clear(conversationId);
    else this.#clock.set(conversationId, due);
  }

  /** In the ledger of several instances, whose clocks may differ, times are those of a clock that all share. */
  get #ahead(): number {
    const { ledger, ahead } = this.#settings;
    return ledger().isShared ? (ahead?.() ?? 0) : 0;
  }

  #keep(takeover: Takeover): void {
    const { conversationId, until } = takeover;
    const tags = [`c:${conversationId}`];
    this.#background(
      this.#settings.ledger().put('pause', conversationId, shifted(takeover, this.#ahead), { due: until, tags }),
    );
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#settings.onProblem(error));
  }
}

function shifted(takeover: Takeover, by: number): Takeover {
  if (by === 0) return takeover;
  const { since, last, until, ended } = takeover;
  return {
    ...takeover,
    ...{ since: since + by, last: last + by },
    ...(until !== undefined && { until: until + by }),
    ...(ended !== undefined && { ended: ended + by }),
  };
}

function latest(one: number | undefined, other: number | undefined): number | undefined {
  if (other === undefined) return undefined;
  return one === undefined ? other : Math.max(one, other);
}
