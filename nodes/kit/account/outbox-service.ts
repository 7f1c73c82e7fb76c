import { createHash } from 'node:crypto';
import type { LinktorClient } from '../../../lib/client/index';
import { LinktorError, toLinktorError } from '../../../lib/errors';
import type { FileDesk, KeptFiles } from '../../../lib/files/index';
import { type KeptLedger, keepable, type Ledger, MAX_RECORD_BYTES, storageProblemOf } from '../../../lib/ledger/index';
import {
  HeldJobs,
  type JobListener,
  type JobProcessor,
  leaveTo,
  Outbox,
  type OutboxJob,
  type Progress,
} from '../../../lib/outbox/index';
import {
  DeliveryWatcher,
  findMarked,
  hasTyping,
  isLateWindowFailure,
  keyOf,
  type Sender,
  type SendResult,
  showTyping,
  type Target,
} from '../../../lib/sending/index';
import type { Live } from '../define';
import type { Msg } from '../red';
import { traceOf } from '../trace';
import type { Box, OutboxWork } from './box';
import type { ChargeService } from './charge-service';
import type { Instances } from './instances';
import { JobFiles } from './job-files';
import type { LiveSide } from './led-realtime';
import { openLive } from './live';
import type { SentLog } from './sent-log';
import type { Substitutes } from './substitutes';

export interface OutboxServiceParts {
  ledger: KeptLedger;
  /** this instance's own ledger, where new messages wait while the store of all is down; undefined without a lasting one */
  local(): Ledger | undefined;
  /** instances of which one sends; undefined with a single instance */
  instances: Instances | undefined;
  client(): LinktorClient;
  realtime(): LiveSide;
  sender(): Sender;
  files(): FileDesk;
  /** where the files of waiting messages lie */
  keptFiles: KeptFiles | undefined;
  sentLog: SentLog;
  charge: Pick<ChargeService, 'gate' | 'optOuts'>;
  substitutes(): Substitutes;
  /** the server honours idempotency keys */
  idempotent: boolean;
  maxPending: number;
  /** hours */
  maxAge: number;
  log: { info(text: string): void; error(error: LinktorError): void };
  /** @param act called once, when the flows have started @returns the function that cancels it */
  whenStarted(act: () => void): () => void;
  onSuccess(): void;
}

const HOUR_MS = 3_600_000;
/** bytes of a record reserved for its metadata and results, besides message and request */
const OVERHEAD_BYTES = 8 * 1024;

/**
 * The durable outbox of an account.
 * @throws LinktorError `storage` where the ledger does not outlive a crash
 */
export class OutboxService {
  readonly #parts: OutboxServiceParts;
  /** undefined while another instance sends */
  #outbox: Outbox | undefined;
  #ending: Promise<void> | undefined;
  /** the outbox is that of this instance alone */
  #isAlone = false;
  /** with several instances: what waits on this one's disk */
  readonly #held: HeldJobs | undefined;
  readonly #receivers = new Map<string, { receiver: JobListener; release?: () => void }>();
  readonly #listeners = new Set<() => void>();
  readonly #releases = new Set<() => void>();
  readonly #files: JobFiles;

  constructor(parts: OutboxServiceParts) {
    if (parts.ledger.durability !== 'crash') throw notLasting();
    this.#parts = parts;
    const { instances, keptFiles, log } = parts;
    const onProblem = (thrown: unknown) => log.error(toLinktorError(thrown));
    this.#files = new JobFiles(parts.files, keptFiles, instances !== undefined, onProblem);
    if (!instances) {
      const outbox = this.#make(parts.ledger);
      this.#outbox = outbox;
      this.#whenStarted(() => outbox.start());
      return;
    }
    const held = new HeldJobs({
      shared: parts.ledger,
      local: parts.local,
      prepare: () => instances.forgotten.apply(),
      confirm: (handed) => instances.forgotten.takeBack(handed),
      now: () => this.#now,
      maxPending: parts.maxPending,
      onChange: () => this.#announce(),
      onProblem: (error) => parts.log.error(error),
    });
    this.#held = held;
    this.#releases.add(
      instances.onChange(() => {
        this.#background(this.#follow(instances));
        if (instances.isStoreReady || instances.alone.isSo) held.drain();
      }),
    );
    this.#releases.add(instances.alone.onEnd(async () => this.#ending));
    this.#whenStarted(() => {
      held.start();
      this.#background(instances.open().then(() => this.#follow(instances)));
    });
  }

  /** number of unsent messages of one node, or of all */
  pending(nodeId?: string): number {
    return (this.#outbox?.pending(nodeId) ?? 0) + (this.#held?.pending(nodeId) ?? 0);
  }

  /** number of messages on this instance's disk that wait for the store of all */
  get held(): number {
    return this.#held?.pending() ?? 0;
  }

  /**
   * @param signal aborted when the node closes
   * @returns the outbox for one message of a node
   */
  boxOf(nodeId: string, msg: Readonly<Msg>, signal: AbortSignal): Box {
    return {
      store: async (given) => {
        const { request, release } = await this.#files.lasting(given.request, signal);
        try {
          await this.#store(nodeId, msg, { ...given, request });
        } finally {
          release();
        }
      },
    };
  }

  async #store(nodeId: string, msg: Readonly<Msg>, given: OutboxWork): Promise<void> {
    const traceparent = traceOf(msg);
    const work: OutboxWork = traceparent === undefined ? given : { ...given, traceparent };
    const room = MAX_RECORD_BYTES - OVERHEAD_BYTES - Buffer.byteLength(JSON.stringify(work));
    const { value: carried, dropped } = keepable(msg, Math.max(0, room));
    const { idempotencyKey: key, to } = given.request;
    const sameAs = key
      ? createHash('sha256')
          .update(`${keyOf(to)}\n${key}`)
          .digest('hex')
      : undefined;
    const job = { nodeId, lane: keyOf(to), work, carried, dropped, ...(sameAs !== undefined && { sameAs }) };
    if (this.#held) await this.#held.store(job, (numbered) => this.#put(numbered));
    else await this.#outbox?.add(job);
  }

  /** Store a job for the leader, which may be this instance. */
  async #put(job: OutboxJob): Promise<void> {
    try {
      if (this.#outbox) return await this.#outbox.accept(job);
    } catch (error) {
      // Another instance leads by now.
      if (!(error instanceof LinktorError) || error.code !== 'storage' || storageProblemOf(error)) throw error;
    }
    await leaveTo(this.#parts.ledger, job, this.#parts.maxPending);
  }

  /** Register a node for the results of its messages, once all nodes exist. @returns the function that ends it */
  register(nodeId: string, receiver: JobListener, onChange: () => void): () => void {
    this.#listeners.add(onChange);
    const entry: { receiver: JobListener; release?: () => void } = { receiver };
    const forget = this.#whenStarted(() => {
      this.#receivers.set(nodeId, entry);
      entry.release = this.#outbox?.register(nodeId, receiver);
    });
    return () => {
      this.#listeners.delete(onChange);
      forget();
      if (this.#receivers.get(nodeId) === entry) this.#receivers.delete(nodeId);
      entry.release?.();
    };
  }

  async close(): Promise<void> {
    for (const release of this.#releases) release();
    await this.#held?.close();
    await this.#ending;
    await this.#outbox?.close();
  }

  /** Only the leader sends. A former leader stops, and the next one checks which messages may have been sent. */
  async #follow(instances: Instances): Promise<void> {
    const isAlone = instances.alone.isSo;
    if (this.#outbox && (!instances.works || isAlone !== this.#isAlone)) {
      const ended = this.#outbox;
      this.#outbox = undefined;
      this.#ending = ended.close();
      for (const entry of this.#receivers.values()) entry.release = undefined;
      this.#announce();
    }
    await this.#ending;
    if (!instances.works || this.#outbox) return;
    this.#isAlone = instances.alone.isSo;
    // Without a file nothing that waits would survive.
    if (this.#isAlone && !this.#parts.local()) return;
    const outbox = this.#make(this.#isAlone ? this.#parts.ledger : instances.leadersLedger);
    this.#outbox = outbox;
    for (const [nodeId, entry] of this.#receivers) entry.release = outbox.register(nodeId, entry.receiver);
    outbox.start();
  }

  #make(ledger: Ledger): Outbox {
    const { maxPending, maxAge, log } = this.#parts;
    return new Outbox({
      ledger,
      processor: this.#processor(),
      maxPending,
      maxAgeMs: maxAge * HOUR_MS,
      now: () => this.#now,
      onChange: () => this.#announce(),
      follower: this.#files,
      onProblem: (error) => log.error(error),
    });
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#parts.log.error(toLinktorError(error)));
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }

  #whenStarted(act: () => void): () => void {
    const release = this.#parts.whenStarted(() => {
      this.#releases.delete(release);
      act();
    });
    this.#releases.add(release);
    return release;
  }

  /** The clocks of several instances may differ: that of the store is the same for all, and no stranger's. */
  get #now(): number {
    return Date.now() + (this.#parts.instances?.ahead ?? 0);
  }

  #processor(): JobProcessor {
    return {
      isIdempotent: this.#parts.idempotent,
      deliver: (job, progress, signal) => this.#deliver(job, progress, signal),
      find: ({ id, conversationId = '', sent, queued }, signal) =>
        findMarked(this.#parts.client().with({ signal }), conversationId, {
          mark: id,
          part: sent.length,
          // In milliseconds of our clock.
          since: queued - (this.#now - Date.now()),
        }),
      isWatched: ({ work }) => (work as OutboxWork).request.wait !== undefined,
      watch: (job, signal, keep) => this.#watch(job, signal, keep),
    };
  }

  async #deliver(job: OutboxJob, progress: Progress, signal: AbortSignal): Promise<Record<string, unknown>> {
    const {
      request,
      typingMs,
      obeyTakeover,
      extra,
      obeyOptOut = extra !== undefined,
      traceparent,
    } = job.work as OutboxWork;
    const { sentLog, sender, files, onSuccess, charge, substitutes } = this.#parts;
    const client = this.#parts.client().with({ signal, traceparent, maxRetries: 0, onAnswer: onSuccess });
    const { idempotencyKey: key = `outbox-${job.id}` } = request;
    const isTyping = typingMs > 0 && job.sent.length === 0;
    const result = await sender().send(
      { ...request, idempotencyKey: key },
      {
        client,
        signal,
        files: files(),
        gate: charge.gate(obeyTakeover),
        // They may have opted out since.
        ...(obeyOptOut && job.sent.length === 0 && { isOptedOut: (person) => charge.optOuts.has(person) }),
        kept: { mark: job.id, sent: job.sent, ...progress },
        onReplaceable: ({ conversationId }) => substitutes().watch(conversationId),
        ...(isTyping && { prelude: (target) => this.#typeIn(target, typingMs, signal) }),
        onSent({ id: messageId, conversationId }, offered) {
          const { context } = job.carried;
          sentLog.add({
            messageId,
            conversationId,
            at: Date.now(),
            offered,
            ...(context !== undefined && { context }),
          });
        },
      },
    );
    const { context } = job.carried;
    const isWatched = request.wait !== undefined;
    const wishes = { obeyTakeover, obeyOptOut, context, isWatched };
    if (request.instead) await substitutes().expect(result, request.instead, wishes);
    return { ...result, ...extra };
  }

  /**
   * Watch the delivery of a message. Look it up first: its status may have changed during a stop.
   * @param keep stores the result of the template that has replaced it
   */
  #watch(
    { work, result: sent }: OutboxJob,
    signal: AbortSignal,
    keep: (result: Record<string, unknown>) => Promise<void>,
  ): Promise<Record<string, unknown>> {
    const { request } = work as OutboxWork;
    const wait = request.wait as NonNullable<typeof request.wait>;
    let result = { ...sent } as unknown as SendResult;
    const { conversationId } = result;
    const client = this.#parts.client().with({ signal });
    const look = (messageId: string) => client.conversations.message(conversationId, messageId);
    return this.#withLive(async (live) => {
      for (;;) {
        try {
          const watcher = new DeliveryWatcher(live, conversationId);
          return { ...result, status: await watcher.all(result.messageIds, { ...wait, signal, look }) };
        } catch (error) {
          if (!request.instead || result.adapted?.includes('template') || !isLateWindowFailure(error)) throw error;
          const { messageId, reason } = error.cause.details as { messageId: string; reason: string };
          const replaced = await this.#parts.substitutes().replace(messageId, reason);
          if (!replaced) throw unclearTemplate(error);
          result = { ...result, ...replaced };
          await keep({ ...result });
          if (replaced.status === 'skipped') return { ...result };
        }
      }
    });
  }

  async #typeIn({ conversationId, channelType }: Target, ms: number, signal: AbortSignal): Promise<void> {
    if (!hasTyping(channelType)) return;
    await this.#withLive((live) => {
      live.onEvent(() => {});
      return showTyping(live, conversationId, ms, signal);
    });
  }

  async #withLive<T>(use: (live: Live) => Promise<T>): Promise<T> {
    const releases = new Set<() => void>();
    try {
      return await use(openLive(this.#parts.realtime(), releases));
    } finally {
      for (const release of releases) release();
    }
  }
}

/** Return the error of a message whose template an earlier process may have sent. */
function unclearTemplate({ code, message, cause }: LinktorError): LinktorError {
  return new LinktorError(code, message, {
    ...cause,
    ambiguous: true,
    hint: 'It is not known whether its template was sent instead: look into the conversation.',
  });
}

/** Return the error for a ledger that does not outlive a crash. */
function notLasting(): LinktorError {
  return new LinktorError('storage', 'The outbox cannot be durable here: this Node-RED keeps its memory in no file.', {
    hint: 'Use Node.js 22.13 or newer and set the field "Keep in" of the account to a file, or set the outbox to memory.',
  });
}
