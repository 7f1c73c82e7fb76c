import {
  DiscardPolicy,
  type JetStreamClient,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, type NatsConnection, type NodeConnectionOptions, nanos } from '@nats-io/transport-node';

const MEBIBYTE = 1024 * 1024;
const HOUR_MS = 3_600_000;
const RECONNECT_WAIT_MS = 250;
const CONNECT_TIMEOUT_MS = 5_000;

/** The streams that the server creates. Messages form a work queue; events are kept while a consumer is interested. */
const STREAMS: readonly (Partial<StreamConfig> & { name: string })[] = [
  {
    name: 'LINKTOR_MESSAGES',
    subjects: ['linktor.messages.inbound.>', 'linktor.messages.outbound.>', 'linktor.messages.status.>'],
    retention: RetentionPolicy.Workqueue,
    max_bytes: 500 * MEBIBYTE,
    max_age: nanos(7 * 24 * HOUR_MS),
    max_msg_size: 4 * MEBIBYTE,
    discard: DiscardPolicy.Old,
    storage: StorageType.File,
  },
  {
    name: 'LINKTOR_EVENTS',
    subjects: ['linktor.events.>'],
    retention: RetentionPolicy.Interest,
    max_bytes: 256 * MEBIBYTE,
    max_age: nanos(24 * HOUR_MS),
    max_msg_size: MEBIBYTE,
    discard: DiscardPolicy.Old,
    storage: StorageType.File,
  },
];

/** Where NATS is: an address, or the options of the client for credentials and TLS. */
export type NatsOptions = string | NodeConnectionOptions;

/** A connection to NATS that publishes to the streams of the server. */
export class NatsPublisher {
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #log: (line: string) => void;
  #isConnected = true;

  private constructor(connection: NatsConnection, log: (line: string) => void) {
    this.#connection = connection;
    this.#client = jetstream(connection);
    this.#log = log;
    void this.#watch();
  }

  /**
   * Connects and creates the streams that are missing.
   *
   * @throws the error of the client when NATS cannot be reached, or has no JetStream
   */
  static async open(options: NatsOptions, log: (line: string) => void): Promise<NatsPublisher> {
    const given = typeof options === 'string' ? readAddress(options) : options;
    const connection = await connect({
      name: 'linktor-sandbox',
      timeout: CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      ...given,
    });
    try {
      const manager = await jetstreamManager(connection);
      const names = new Set<string>();
      for await (const name of manager.streams.names()) names.add(name);
      for (const stream of STREAMS) if (!names.has(stream.name)) await manager.streams.add(stream);
    } catch (error) {
      await connection.close();
      throw error;
    }
    return new NatsPublisher(connection, log);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Publishes JSON. The server ignores failures of events, so they are only logged. */
  publish(subject: string, body: unknown, id: string): void {
    this.#client.publish(subject, JSON.stringify(body), { msgID: id }).catch((error: unknown) => {
      this.#log(`nats: ${subject} was not published: ${String(error)}`);
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect' || type === 'close') this.#isConnected = false;
      if (type === 'reconnect') this.#isConnected = true;
    }
  }
}

/** Takes user, password or token out of an address. */
function readAddress(address: string): NodeConnectionOptions {
  const url = new URL(address.includes('://') ? address : `nats://${address}`);
  const servers = `${url.protocol}//${url.host}`;
  const [user, pass] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  if (user && pass) return { servers, user, pass };
  return user ? { servers, token: user } : { servers };
}
