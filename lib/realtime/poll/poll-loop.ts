import { asAsked, backoff } from '../../async/backoff';
import { fence } from '../../async/fence';
import { LinktorError, messageOf } from '../../errors';
import type { Event } from '../../model';
import type { RealtimeFacts } from '../facts';
import type { ReadConversation } from '../feed';
import type { SocketState } from '../socket/state';
import { mayChange } from './conversation-reader';
import { PollPace } from './poll-pace';
import { type PollParts, PollRound } from './poll-round';

export interface PollLoopSettings {
  /** milliseconds between two rounds during activity */
  busyMs: number;
  /** milliseconds between two rounds without activity */
  idleMs: number;
  /** milliseconds between two rounds while messages are announced; by default a multiple of `idleMs` */
  checkMs?: number;
  /** milliseconds before the first round, so that all nodes of a deploy are back */
  startDelayMs: number;
  /** milliseconds after which an unresponsive server counts as lost */
  answerTimeoutMs: number;
  /** milliseconds before a retry after a refusal */
  revivalMs: number;
  onProblem(error: unknown): void;
  onState(): void;
}

/**
 * Polls for events that the socket does not announce (contract 2.3): often during activity, rarely without, and only as
 * a check once the socket proves to announce them after all.
 */
export class PollLoop {
  readonly #parts: PollParts;
  readonly #settings: PollLoopSettings;
  readonly #pace: PollPace;
  readonly #round: PollRound;
  #state: SocketState = { name: 'connecting', since: Date.now() };
  #lastError: string | undefined;
  #attempt = 0;
  #rounds = 0;
  /** the last start; earlier ones are ignored */
  #start: symbol | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** milliseconds of the local clock */
  #dueAt = 0;
  #isAsking = false;
  /** another source delivers missed events, in order */
  #isHeld = false;
  /** events may have been missed since the last round */
  #isBehind = false;

  constructor(parts: PollParts, settings: PollLoopSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#pace = new PollPace(settings.busyMs, settings.idleMs, settings.checkMs);
    this.#round = new PollRound(parts, this.#pace, settings.busyMs, settings.onProblem);
  }

  get isRunning(): boolean {
    return this.#start !== undefined;
  }

  get state(): SocketState {
    return this.#state;
  }

  get attempts(): number {
    return this.#attempt;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** The socket has proved to announce messages. */
  get isAnnounced(): boolean {
    return this.#pace.isAnnounced;
  }

  /** Time up to which all changes have been delivered, in milliseconds of the server's clock. */
  get position(): number | undefined {
    return this.#round.cursor.position;
  }

  get facts(): NonNullable<RealtimeFacts['poll']> {
    return { every: this.#pace.intervalMs, rounds: this.#rounds, requests: this.#round.requests };
  }

  /** Start polling: the first listener exists. */
  start(): void {
    if (this.isRunning) return;
    if (this.position === undefined) this.#round.cameAt = this.#parts.serverTime.now;
    this.#start = Symbol('start');
    this.#wait(this.#settings.startDelayMs);
  }

  /** Stop polling without listeners; later events are delivered after the next start. */
  stop(): void {
    this.#start = undefined;
    this.#isAsking = false;
    clearTimeout(this.#timer);
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Pause all rounds until {@link release}: another source delivers missed events, in order. */
  hold(): void {
    this.#isHeld = true;
    clearTimeout(this.#timer);
    if (!this.isRunning) return;
    this.#start = Symbol('start');
    this.#isAsking = false;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (this.isRunning) this.#wait(0);
  }

  /** Events found from now on count as missed. */
  fallBehind(): void {
    this.#isBehind = this.position !== undefined;
    this.#state = { name: 'connecting', since: Date.now() };
  }

  /** Skip all events until the next start. */
  forget(): void {
    this.#round.cursor.forget();
    this.#isBehind = false;
    this.#attempt = 0;
    this.#state = { name: 'connecting', since: Date.now() };
  }

  /** @returns the conversations read so far, for a successor */
  export(): ReadConversation[] {
    const { cursor, pending } = this.#round;
    return cursor.export().map((one) => [...one, pending.since(one[0])?.toString() ?? '']);
  }

  /** Continue from the end of a predecessor. @param position milliseconds of the server's clock */
  continueFrom(position: number, read: readonly ReadConversation[]): void {
    const { cursor, pending } = this.#round;
    cursor.continueFrom(position, read);
    for (const [id, , , , pendingSince = ''] of read) {
      if (pendingSince !== '') pending.resume(id, Number(pendingSince), Date.now());
    }
    this.#parts.conversations.newFrom(cursor.start + 1);
    this.fallBehind();
  }

  /** Poll now. */
  retry(): void {
    if (!this.isRunning || this.#isAsking) return;
    this.#attempt = 0;
    this.#wait(0);
  }

  /** Retry after a refusal, which may have ended. */
  revive(): void {
    const { name, since } = this.#state;
    if (name === 'refused' && Date.now() - since >= this.#settings.revivalMs) this.retry();
  }

  /** The socket has brought an event: unannounced events may follow. */
  announced(event: Event): void {
    const { conversationId: id, message, changes } = event;
    this.#pace.announced(event);
    if (id !== undefined && changes) this.#round.cursor.announced(id, changes);
    if (id !== undefined && message) this.#round.cursor.saw(id, message);
    // Statuses of outbound messages are not announced.
    if (id !== undefined && message && mayChange(message)) this.#round.pending.wait(id, true, Date.now());
    this.#hurry();
  }

  /** We have sent a message in this conversation: look for it, and for its status. */
  sent(conversationId: string): void {
    this.#pace.sent();
    this.#round.pending.wait(conversationId, true, Date.now());
    this.#hurry();
  }

  /** @returns the event of an announced message, with the file that its frame omits */
  async withFile(event: Event): Promise<Event[]> {
    const { message, conversationId = '' } = event;
    if (!message) return [event];
    const whole = await this.#round.reader.withFile(conversationId, message).catch(() => message);
    return [{ ...event, message: whole }];
  }

  /** The socket is closed: nothing is announced any more. */
  unannounced(): void {
    if (this.#pace.unannounced()) this.#hurry();
  }

  /** Bring the next round forward; never postpone it. */
  #hurry(): void {
    const waitMs = this.#pauseMs;
    const isSooner = Date.now() + waitMs < this.#dueAt;
    if (this.isRunning && !this.#isAsking && this.#state.name === 'open' && isSooner) this.#wait(waitMs);
  }

  get #pauseMs(): number {
    return this.#pace.pauseMs(this.#round.pending.nextDueAt);
  }

  #wait(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = Date.now() + waitMs;
    if (this.#isHeld) return;
    this.#timer = setTimeout(
      fence(() => this.#ask(), this.#settings.onProblem),
      waitMs,
    );
  }

  #ask(): void {
    const start = this.#start;
    const goesOn = () => start !== undefined && start === this.#start;
    const { answerTimeoutMs } = this.#settings;
    this.#isAsking = true;
    this.#rounds++;
    const late = setTimeout(
      fence(() => goesOn() && this.#lost('the server does not answer', 0), this.#settings.onProblem),
      answerTimeoutMs,
    );
    this.#round
      .run({ goesOn, isBehind: () => this.#isBehind })
      .then(() => {
        if (goesOn()) this.#answered();
      })
      .catch((error: unknown) => {
        if (goesOn()) this.#failed(error);
      })
      .finally(() => clearTimeout(late));
  }

  #answered(): void {
    this.#isAsking = false;
    this.#isBehind = false;
    this.#attempt = 0;
    this.#wait(this.#pauseMs);
    if (this.#state.name !== 'open') this.#become({ name: 'open', since: Date.now() });
  }

  #failed(error: unknown): void {
    this.#isAsking = false;
    this.fallBehind();
    const { code = 'unexpected', cause } = error instanceof LinktorError ? error : {};
    const reason = messageOf(error);
    this.#lastError = reason;
    if (code === 'authentication' || code === 'authorization') {
      return this.#become({ name: 'refused', since: Date.now(), reason, code });
    }
    const waitMs = asAsked(backoff(this.#attempt + 1, this.#settings.busyMs), cause?.retryAfter);
    this.#wait(waitMs);
    this.#lost(reason, waitMs);
  }

  #lost(reason: string, waitMs: number): void {
    this.#attempt++;
    const since = Date.now();
    this.#become({ name: 'waiting', since, attempt: this.#attempt, until: since + waitMs, reason });
  }

  #become(state: SocketState): void {
    this.#state = state;
    this.#settings.onState();
  }
}
