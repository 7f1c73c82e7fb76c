import { type ErrorCode, LinktorError, messageOf } from '../../errors';
import { connectionOptions, type NatsSettings } from './address';
import type { ConsumerInfo, JsMsg, NatsConnection } from './packages';

/** One event of the stream. */
export interface StreamEvent {
  text: string;
  /** tells it from every other one, also after the stream has been made anew */
  id: string;
  /** it came while nobody listened */
  isMissed: boolean;
}

/** Who gets what a session brings. */
export interface SessionReader {
  /** @returns when the event has had its turn; with a rejection it comes again */
  event(event: StreamEvent, signal: AbortSignal): Promise<void>;
  /** a message of people is on its way to its channel */
  outbound(text: string): void;
  status(text: string): void;
  /** what came while nobody listened comes first */
  behind(): void;
  /** everything that came while nobody listened has had its turn */
  caughtUp(): void;
  /** an event of what came while nobody listened has had its turn */
  progress(): void;
  /** the server has dropped events that nobody has read */
  dropped(): void;
  /** another one reads from the same consumer */
  shared(): void;
}

const EVENTS_STREAM = 'LINKTOR_EVENTS';
const EVENTS_SUBJECT = 'linktor.events.>';
/** Plain subscriptions only: both belong to a work queue, from which a consumer would take what is the server's. */
const OUTBOUND_SUBJECT = 'linktor.messages.outbound.>';
const STATUS_SUBJECT = 'linktor.messages.status.>';

export const ACK_WAIT_MS = 30_000;
/** What has been in flight when Node-RED crashed comes again after so long. */
const QUICK_ACK_WAIT_MS = 1000;
/** Longer away than this, and the server forgets us and what it kept for us. */
const INACTIVE_MS = 48 * 3600 * 1000;
/** An event that could not be delivered comes again after so long. */
const RETRY_MS = 1000;
/** What the listeners have just been told is acknowledged, and what they are still to be told is given back. */
const LAST_TURN_MS = 100;
/** The last acknowledgement may take so long to leave. */
const FLUSH_TIMEOUT_MS = 1000;

/** One connection to NATS, with a durable consumer of our own for events; it ends once and for all. */
export class NatsSession {
  readonly #connection: NatsConnection;
  readonly #reader: SessionReader;
  readonly #closing = new AbortController();
  /** what is being worked on, and when that is done */
  #current: { message: JsMsg; done: Promise<void> } | undefined;
  #stop: () => void = () => {};
  /** the sequence number that has been read last, and the last one when we came */
  #last = 0;
  #lastAtStart = 0;
  #isCaughtUp = false;
  #end: (reason: string) => void = () => {};
  /** resolves with the reason, which is safe to show */
  readonly ended = new Promise<string>((resolve) => {
    this.#end = resolve;
  });

  private constructor(connection: NatsConnection, reader: SessionReader) {
    this.#connection = connection;
    this.#reader = reader;
    void connection.closed().then(
      (error) => this.#end(error instanceof Error ? messageOf(error) : 'the connection to NATS is closed'),
      (error: unknown) => this.#end(messageOf(error)),
    );
  }

  /** @throws LinktorError `validation`, `authentication` or `network` */
  static async open(settings: NatsSettings, reader: SessionReader): Promise<NatsSession> {
    const packages = await import('./packages');
    const options = connectionOptions(settings, packages);
    const connection = await packages.connect(options).catch((error: unknown) => {
      throw problemOf(error);
    });
    const session = new NatsSession(connection, reader);
    try {
      await session.#begin(settings.consumer, packages);
    } catch (error) {
      await connection.close();
      throw problemOf(error);
    }
    return session;
  }

  /**
   * Look at NATS and change nothing.
   * @returns how many others read from the consumer of that name
   * @throws LinktorError `validation`, `authentication` or `network`
   */
  static async probe(settings: NatsSettings): Promise<{ readers: number }> {
    const packages = await import('./packages');
    const options = connectionOptions(settings, packages);
    try {
      const connection = await packages.connect(options);
      try {
        const manager = await packages.jetstreamManager(connection);
        await manager.streams.info(EVENTS_STREAM);
        const found = await manager.consumers.info(EVENTS_STREAM, settings.consumer).catch(() => undefined);
        return { readers: found?.num_waiting ?? 0 };
      } finally {
        await connection.close();
      }
    } catch (error) {
      throw problemOf(error);
    }
  }

  async #begin(name: string, packages: typeof import('./packages')): Promise<void> {
    const { AckPolicy, DeliverPolicy, jetstream, jetstreamManager, nanos } = packages;
    this.#subscribe(OUTBOUND_SUBJECT, (text) => this.#reader.outbound(text));
    this.#subscribe(STATUS_SUBJECT, (text) => this.#reader.status(text));
    const manager = await jetstreamManager(this.#connection);
    const stream = await manager.streams.info(EVENTS_STREAM);
    const found = await manager.consumers.info(EVENTS_STREAM, name).catch(() => undefined);
    const info =
      found ??
      (await manager.consumers.add(EVENTS_STREAM, {
        durable_name: name,
        filter_subject: EVENTS_SUBJECT,
        deliver_policy: DeliverPolicy.New,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ACK_WAIT_MS),
        // With more than one, what was not acknowledged would come after what followed it.
        max_ack_pending: 1,
        inactive_threshold: nanos(INACTIVE_MS),
      }));
    if (info.num_waiting > 0) this.#reader.shared();
    const setAckWait = (ms: number) => manager.consumers.update(EVENTS_STREAM, name, { ack_wait: nanos(ms) });
    // What a crash has left in flight would keep everything else waiting.
    const isStuck = info.num_ack_pending > 0 && info.num_waiting === 0;
    if (isStuck || info.config.ack_wait !== nanos(ACK_WAIT_MS)) {
      await setAckWait(isStuck ? QUICK_ACK_WAIT_MS : ACK_WAIT_MS);
    }
    this.#last = info.ack_floor.stream_seq;
    this.#lastAtStart = found ? stream.state.last_seq : 0;
    const consumer = await jetstream(this.#connection).consumers.get(EVENTS_STREAM, name);
    const messages = await consumer.consume();
    this.#stop = () => messages.stop();
    void this.#watch(messages.status()).catch((error: unknown) => this.#fail(messageOf(error)));
    void this.#read(messages, info, isStuck ? () => setAckWait(ACK_WAIT_MS) : undefined).catch((error: unknown) =>
      this.#fail(messageOf(error)),
    );
  }

  #subscribe(subject: string, take: (text: string) => void): void {
    this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (!error && !this.#closing.signal.aborted) take(message.string());
      },
    });
  }

  /** A consumer that is gone takes with it what it kept: a new connection makes a new one. */
  async #watch(notices: AsyncIterable<{ type: string }>): Promise<void> {
    for await (const { type } of notices) {
      if (/^(consumer_not_found|consumer_deleted|stream_not_found)$/.test(type)) {
        return this.#fail(`NATS: ${type.replaceAll('_', ' ')}`);
      }
    }
  }

  async #read(messages: AsyncIterable<JsMsg>, info: ConsumerInfo, whenFirst?: () => Promise<unknown>): Promise<void> {
    if (info.num_pending === 0 && info.num_ack_pending === 0) this.#catchUp();
    else this.#reader.behind();
    let isFirst = true;
    for await (const message of messages) {
      if (this.#closing.signal.aborted) return;
      if (isFirst) await whenFirst?.();
      isFirst = false;
      const done = this.#take(message);
      this.#current = { message, done };
      await done;
      this.#current = undefined;
    }
  }

  async #take(message: JsMsg): Promise<void> {
    const { streamSequence, timestampNanos, pending, redelivered } = message.info;
    if (this.#last > 0 && streamSequence > this.#last + 1 && !redelivered) this.#reader.dropped();
    const isMissed = streamSequence <= this.#lastAtStart;
    const event = { text: message.string(), id: `nats:${streamSequence}:${timestampNanos}`, isMissed };
    try {
      await this.#reader.event(event, this.#closing.signal);
    } catch {
      return this.#closing.signal.aborted ? message.nak() : message.nak(RETRY_MS);
    }
    message.ack();
    this.#last = Math.max(this.#last, streamSequence);
    if (isMissed) this.#reader.progress();
    if (pending === 0 || streamSequence >= this.#lastAtStart) this.#catchUp();
  }

  #catchUp(): void {
    if (this.#isCaughtUp) return;
    this.#isCaughtUp = true;
    this.#reader.caughtUp();
  }

  #fail(reason: string): void {
    this.#end(reason);
    void this.close();
  }

  /** What has not been told is given back, and comes again at once. It never fails. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#end('closed');
    this.#stop();
    const current = this.#current;
    if (current) {
      await atMost(LAST_TURN_MS, current.done);
      current.message.nak();
    }
    await atMost(FLUSH_TIMEOUT_MS, this.#connection.flush());
    await this.#connection.close().catch(() => {});
  }
}

/** Wait for something, but no longer than this; it never fails. */
async function atMost(ms: number, what: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([what.catch(() => {}), late]);
  clearTimeout(timer);
}

/** What NATS says, as one of our errors; it never holds credentials. */
function problemOf(error: unknown): LinktorError {
  if (error instanceof LinktorError) return error;
  const reason = messageOf(error);
  const code: ErrorCode = /authori[sz]ation|authentication/i.test(reason) ? 'authentication' : 'network';
  const hint = /stream not found/i.test(reason)
    ? `There is no stream ${EVENTS_STREAM}: this is not the NATS of a Linktor server, or the server has not started yet.`
    : undefined;
  return new LinktorError(code, `NATS: ${reason}`, hint === undefined ? {} : { hint });
}
