import type { Call } from '../contract';
import { abortedError, LinktorError } from '../errors';
import { runAttempts } from './attempts';
import { type Core, deadlineOf, type MakeCall } from './core';
import type { Peer } from './detect';
import type { CallDefaults, CallOptions, Slot } from './options';
import { type RunCall, runParts } from './parts';
import { type Joined, orAborted } from './signals';

/**
 * Perform one operation in its turn, with the contract of the actual server.
 * @throws LinktorError
 */
export function perform<T>(core: Core, make: MakeCall<Call<T>>, options: CallDefaults): Promise<T> {
  return new Operation(core, make, options).start();
}

/**
 * Wait for the turn of one write.
 * @param lane writes of one lane are sent in the order of these calls
 * @param task performs the write, with the slot in its options
 */
export function takeSlot<T>(
  core: Core,
  lane: string,
  task: (slot: Slot) => Promise<T>,
  options: CallDefaults,
): Promise<T> {
  const deadline = deadlineOf(core, options);
  const { signal, release } = core.signals.join(options.signal);
  return core.queue.run(lane, () => task({ deadline }), deadline - Date.now(), signal).finally(release);
}

/** Thousands of operations may wait for their turn, so a waiting one holds no suspended async function. */
class Operation<T> {
  readonly #core: Core;
  readonly #make: MakeCall<Call<T>>;
  readonly #options: CallDefaults;
  readonly #deadline: number;
  readonly #joined: Joined;

  constructor(core: Core, make: MakeCall<Call<T>>, options: CallDefaults) {
    this.#core = core;
    this.#make = make;
    this.#options = options;
    this.#deadline = options.slot?.deadline ?? deadlineOf(core, options);
    this.#joined = core.signals.join(options.signal);
  }

  start(): Promise<T> {
    const found = this.#core.detection.peer();
    if (!(found instanceof Promise)) return this.#begin(found);
    const peer = Promise.resolve(orAborted(found, this.#joined.signal));
    return peer.then(
      (one) => this.#begin(one),
      (error: unknown) => {
        this.#joined.release();
        throw error;
      },
    );
  }

  #begin(peer: Peer): Promise<T> {
    const succeed = (result: T) => {
      this.#joined.release();
      this.#core.detection.confirm(peer);
      return result;
    };
    return this.#inTurn(peer).then(succeed, (error: unknown) =>
      this.#withOtherPeer(peer, error).finally(() => this.#joined.release()),
    );
  }

  /** Repeat the call with the other contract, if its failure suggests a wrong one. */
  async #withOtherPeer(peer: Peer, error: unknown): Promise<T> {
    const { detection } = this.#core;
    const { signal } = this.#joined;
    if (signal.aborted || !detection.doubts(peer, error)) throw error;
    // Without an answer, or without time left, the first error is the one to report.
    const other = await Promise.resolve(orAborted(detection.instead(peer), signal)).catch(() => undefined);
    if (other === undefined) throw error;
    return this.#inTurn(other);
  }

  #inTurn(peer: Peer): Promise<T> {
    let call: Call<T>;
    try {
      call = this.#make(peer.contract);
    } catch (error) {
      return Promise.reject(error);
    }
    const queue = call.path[0] === 'ai' ? this.#core.modelQueue : this.#core.queue;
    const { signal } = this.#joined;
    const work = () => this.#run(peer, call);
    if (this.#options.slot) return work();
    const waitMs = this.#deadline - Date.now();
    if (call.kind !== 'read' || call.after) return queue.run(call.lane, work, waitMs, signal);
    return queue.run(undefined, work, waitMs, signal).catch((error: unknown) => {
      // An abandoned read is reported quietly; a write that never left is reported as retryable.
      throw signal.aborted ? abortedError('sent') : error;
    });
  }

  #run(peer: Peer, call: Call<T>): Promise<T> {
    const { signal } = this.#joined;
    const run: RunCall = (one, own, withinMs = Number.POSITIVE_INFINITY) =>
      this.#eitherForm(peer, one, own, Math.min(this.#deadline, Date.now() + withinMs));
    return runParts(call, this.#options, run, signal);
  }

  /** The SDKs differ in some routes: a server that lacks one form of a call may have the other. */
  #eitherForm<R>(peer: Peer, call: Call<R>, options: CallOptions, deadline: number): Promise<R> {
    const core = this.#core;
    const { signal } = this.#joined;
    const { fallback, table } = call;
    const identify = () => core.credentials.current();
    const run = <S>(one: Call<S>) => runAttempts(core, { peer, call: one, options, deadline, signal, identify });
    if (table) {
      const waitMs = (options.timeout ?? core.settings.timeout) * 1000;
      const { kind, method, path } = call;
      const read = () => run({ kind, method, path, decode: table.rows });
      return core.tables.get(path, table, read, { signal, waitMs });
    }
    const asked = fallback ? this.#firstForm(call, fallback, run) : run(call);
    return call.kind === 'read' ? asked : asked.finally(() => core.tables.drop(call.path));
  }

  async #firstForm<R>(
    call: Call<R>,
    fallback: NonNullable<Call<R>['fallback']>,
    run: (one: Call<R>) => Promise<R>,
  ): Promise<R> {
    const core = this.#core;
    if (core.fallbacks.has(fallback.key)) return run(fallback.call);
    try {
      return await run(call);
    } catch (error) {
      const status = error instanceof LinktorError ? error.cause.status : undefined;
      if (status !== 404 && status !== 405) throw error;
      const result = await run(fallback.call);
      core.fallbacks.add(fallback.key);
      return result;
    }
  }
}
