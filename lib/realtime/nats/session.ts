import { detach } from '../../async/fence';
import { type ErrorCode, LinktorError, messageOf } from '../../errors';
import { connectionOptions, type NatsSettings } from './address';
import type { ConsumerInfo, JsMsg, NatsConnection } from './packages';

/** One event of the stream. */
export interface StreamEvent {
  text: string;
  /** unique, even after the stream was recreated */
  id: string;
  /** published while we were offline */
  isMissed: boolean;
}

/** Receives the output of a session. */
export interface SessionReader {
  /** @returns a promise that resolves after the event's turn; a rejection requests redelivery */
  event(event: StreamEvent, signal: AbortSignal): Promise<void>;
  /** a staff message is on its way to its channel */
  outbound(text: string): void;
  status(text: string): void;
  /** events published while we were offline follow first */
  behind(): void;
  /** all events published while we were offline have had their turn */
  caughtUp(): void;
  /** an event published while we were offline has had its turn */
  progress(): void;
  /** the server has dropped unread events */
  dropped(): void;
  /** another reader uses the same consumer */
  shared(): void;
}

const EVENTS_STREAM = 'LINKTOR_EVENTS';
const EVENTS_SUBJECT = 'linktor.events.>';
/** Plain subscriptions only: both belong to a work queue, and a consumer would take the server's own items. */
const OUTBOUND_SUBJECT = 'linktor.messages.outbound.>';
const STATUS_SUBJECT = 'linktor.messages.status.>';

export const ACK_WAIT_MS = 30_000;
/** Time until unacknowledged events are redelivered after a crash of Node-RED, in milliseconds. */
const QUICK_ACK_WAIT_MS = 1000;
/** Absence after which the server deletes our consumer and its events. */
const INACTIVE_MS = 48 * 3600 * 1000;
/** Time until a failed event is redelivered, in milliseconds. */
const RETRY_MS = 1000;
/** Time to acknowledge delivered events before the rest is returned, in milliseconds. */
const LAST_TURN_MS = 100;
/** Longest wait for the last acknowledgement to leave, in milliseconds. */
const FLUSH_TIMEOUT_MS = 1000;

/** A single connection to NATS, with our own durable consumer for events. Once ended, it is not reused. */
export class NatsSession {
  readonly #connection: NatsConnection;
  readonly #reader: SessionReader;
  readonly #closing = new AbortController();
  /** the event in progress, and its end */
  #current: { message: JsMsg; done: Promise<void> } | undefined;
  #stop: () => void = () => {};
  /** sequence number last read, and the last one at our start */
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
   * Inspect NATS without changing anything.
   * @returns the number of other readers of that consumer
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
        // With more than one, unacknowledged events would follow later ones.
        max_ack_pending: 1,
        inactive_threshold: nanos(INACTIVE_MS),
      }));
    if (info.num_waiting > 0) this.#reader.shared();
    const setAckWait = (ms: number) => manager.consumers.update(EVENTS_STREAM, name, { ack_wait: nanos(ms) });
    // Events left in flight by a crash would block all others.
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

  /** A deleted consumer loses its events: a new connection creates a new consumer. */
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
    detach(this.close());
  }

  /** Return undelivered events for immediate redelivery. Never rejects. */
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

/** Wait for a promise, up to a time limit. Never rejects. */
async function atMost(ms: number, what: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([what.catch(() => {}), late]);
  clearTimeout(timer);
}

/** Convert an error of NATS; the result contains no credentials. */
function problemOf(error: unknown): LinktorError {
  if (error instanceof LinktorError) return error;
  const reason = messageOf(error);
  const code: ErrorCode = /authori[sz]ation|authentication/i.test(reason) ? 'authentication' : 'network';
  const hint = /stream not found/i.test(reason)
    ? `There is no stream ${EVENTS_STREAM}: this is not the NATS of a Linktor server, or the server has not started yet.`
    : undefined;
  return new LinktorError(code, `NATS: ${reason}`, hint === undefined ? {} : { hint });
}
