import { LinktorError } from '../../errors';
import type { Event } from '../../model';
import { asAsked, backoff } from '../socket/backoff';
import type { SocketState } from '../socket/state';
import { mayChange, PollRound, type ReadingSettings } from './poll-round';

export interface PollSettings extends Omit<ReadingSettings, 'tell' | 'soon'> {
  /** milliseconds between two rounds while something happens, and while nothing does */
  busy: number;
  idle: number;
  /** milliseconds that nodes take to be there again after a deploy */
  delay: number;
  /** milliseconds after which a server that has not answered is not there */
  patience: number;
  /** milliseconds that a refusal is left alone */
  revival: number;
  /** @param recovered it has been missed meanwhile */
  tell(event: Event, recovered: boolean): void;
  onState(): void;
}

/** so many busy rounds without anything new, and it is quiet */
const calm = 20;
/** times the idle pause: a look whether the socket has told all */
const safety = 4;

/**
 * Asks what is new, again and again, where the socket does not announce it (contract 2.3): often while something happens,
 * seldom while nothing does, and only to be sure once the socket turns out to announce it after all.
 */
export class PollLoop {
  readonly #settings: PollSettings;
  readonly #reading: PollRound;
  #state: SocketState = { name: 'connecting', since: Date.now() };
  #lastError: string | undefined;
  #attempt = 0;
  #rounds = 0;
  /** which start is the last one; those before have nothing to say any more */
  #start: symbol | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** milliseconds of the clock */
  #dueAt = 0;
  #isAsking = false;
  /** something may have been missed since the last round */
  #isBehind = false;
  #announced = false;
  /** when there was something new, milliseconds of the clock */
  #newsAt = 0;

  constructor(settings: PollSettings) {
    this.#settings = settings;
    this.#reading = new PollRound({ ...settings, soon: settings.busy, tell: (event) => this.#tell(event) });
  }

  get runs(): boolean {
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

  /** The socket has turned out to announce messages. */
  get announced(): boolean {
    return this.#announced;
  }

  /** Up to then all has been told, milliseconds of the server's clock. */
  get mark(): number | undefined {
    return this.#reading.latest.mark;
  }

  /** For diagnosis. `every`: milliseconds between two rounds just now */
  get facts(): { every: number; rounds: number; requests: number } {
    return { every: this.#pace(), rounds: this.#rounds, requests: this.#reading.requests };
  }

  /** Somebody listens. */
  start(): void {
    if (this.runs) return;
    this.#start = Symbol('start');
    this.#wait(this.#settings.delay);
  }

  /** Nobody listens any more; what comes meanwhile is told when somebody does again. */
  stop(): void {
    this.#start = undefined;
    this.#isAsking = false;
    clearTimeout(this.#timer);
  }

  /** What comes from now on has been missed when it is told. */
  fallBehind(): void {
    this.#isBehind = this.mark !== undefined;
    this.#state = { name: 'connecting', since: Date.now() };
  }

  /** What is said until the next start is of no interest. */
  forget(): void {
    this.#reading.latest.forget();
    this.#isBehind = false;
    this.#attempt = 0;
    this.#state = { name: 'connecting', since: Date.now() };
  }

  /** What was told up to now, for a successor: see {@link succeed}. */
  export(): [id: string, updatedAt: string][] {
    return this.#reading.latest.export();
  }

  /** Go on where a predecessor has ended. @param mark milliseconds of the server's clock */
  succeed(mark: number, entries: readonly (readonly [id: string, updatedAt: string])[]): void {
    this.#reading.latest.succeed(mark, entries);
    this.#settings.conversations.newFrom(mark + 1);
    this.fallBehind();
  }

  /** Ask now. */
  retry(): void {
    if (!this.runs || this.#isAsking) return;
    this.#attempt = 0;
    this.#wait(0);
  }

  /** A refusal may be over. */
  revive(): void {
    const { name, since } = this.#state;
    if (name === 'refused' && Date.now() - since >= this.#settings.revival) this.retry();
  }

  /** The socket has brought something: more may follow that it does not bring. */
  stir(event: Event): void {
    const { conversationId: id, message, changes } = event;
    if (message) this.#announced = true;
    if (id !== undefined && changes) this.#reading.latest.told(id, changes);
    // What becomes of it is told by nobody.
    if (id !== undefined && message && mayChange(message)) this.#reading.awaited.wait(id, true, Date.now());
    this.#newsAt = Date.now();
    this.#hurry();
  }

  /** What the socket has announced, with the file that it left out. */
  async whole(event: Event): Promise<Event[]> {
    const { message, conversationId = '' } = event;
    if (!message) return [event];
    const whole = await this.#reading.whole(conversationId, message).catch(() => message);
    return [{ ...event, message: whole }];
  }

  /** The socket is gone: what it has announced it announces no more. */
  deafen(): void {
    if (!this.#announced) return;
    this.#announced = false;
    this.#hurry();
  }

  #tell(event: Event): void {
    this.#newsAt = Date.now();
    // What it has kept from us it does not announce. What we say ourselves not every server tells.
    if (event.message?.direction === 'inbound') this.#announced = false;
    this.#settings.tell(event, this.#isBehind);
  }

  #pace(): number {
    const { busy, idle } = this.#settings;
    if (this.#announced) return idle * safety;
    return Date.now() - this.#newsAt < busy * calm ? Math.min(busy, idle) : idle;
  }

  /** Milliseconds until the next round. */
  get #pause(): number {
    return Math.min(this.#pace(), Math.max(this.#settings.busy, this.#reading.awaited.next - Date.now()));
  }

  /** The next round is not put off, however much comes. */
  #hurry(): void {
    const wait = this.#pause;
    const isSooner = Date.now() + wait < this.#dueAt;
    if (this.runs && !this.#isAsking && this.#state.name === 'open' && isSooner) this.#wait(wait);
  }

  #wait(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = Date.now() + milliseconds;
    this.#timer = setTimeout(() => this.#ask(), milliseconds);
  }

  #ask(): void {
    const start = this.#start;
    const goesOn = () => start !== undefined && start === this.#start;
    this.#isAsking = true;
    this.#rounds++;
    const late = setTimeout(() => goesOn() && this.#lost('the server does not answer', 0), this.#settings.patience);
    this.#reading
      .round(goesOn)
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
    this.#wait(this.#pause);
    if (this.#state.name !== 'open') this.#become({ name: 'open', since: Date.now() });
  }

  #failed(error: unknown): void {
    this.#isAsking = false;
    this.fallBehind();
    const { code = 'unexpected', cause } = error instanceof LinktorError ? error : {};
    const reason = error instanceof Error ? error.message : String(error);
    this.#lastError = reason;
    if (code === 'authentication' || code === 'authorization') {
      return this.#become({ name: 'refused', since: Date.now(), reason, code });
    }
    const wait = asAsked(backoff(this.#attempt + 1, this.#settings.busy), cause?.retryAfter);
    this.#wait(wait);
    this.#lost(reason, wait);
  }

  #lost(reason: string, wait: number): void {
    this.#attempt++;
    const since = Date.now();
    this.#become({ name: 'waiting', since, attempt: this.#attempt, until: since + wait, reason });
  }

  #become(state: SocketState): void {
    this.#state = state;
    this.#settings.onState();
  }
}
