import { fence } from '../../async/fence';
import type { Timing } from './state';

export interface Peer {
  /** time of the last arrival, in milliseconds of the local clock */
  receivedAt(): number;
  /** number of arrivals */
  received(): number;
  /** send a protocol ping */
  ping(mark: string): void;
  /** send the ping of the contract, if it has one */
  beat(): void;
  /** the peer no longer answers */
  dead(): void;
}

/**
 * Checks that the peer of an open connection is alive. Any arrival proves it; after a silence it is pinged, and without
 * a response it counts as dead.
 */
export class Heartbeat {
  readonly #timing: Timing;
  readonly #peer: Peer;
  readonly #beat: NodeJS.Timeout;
  #watch: NodeJS.Timeout | undefined;
  #judgement: NodeJS.Immediate | undefined;
  /** number of arrivals at the time of the ping */
  #receivedBefore = 0;
  #latency: number | undefined;

  constructor(timing: Timing, peer: Peer) {
    this.#timing = timing;
    this.#peer = peer;
    this.#beat = setInterval(
      fence(() => {
        peer.beat();
        peer.ping(String(Date.now()));
      }),
      timing.ping,
    );
    this.#watchSilence();
    peer.ping(String(Date.now()));
  }

  /** Round-trip time of the last ping, in milliseconds. */
  get latency(): number | undefined {
    return this.#latency;
  }

  /** A pong has arrived. @param mark the payload of its ping @param at milliseconds of the local clock */
  pong(mark: string, at: number): void {
    const sentAt = Number(mark);
    if (sentAt > 0 && sentAt <= at) this.#latency = at - sentAt;
  }

  stop(): void {
    clearTimeout(this.#watch);
    clearImmediate(this.#judgement);
    clearInterval(this.#beat);
  }

  #watchSilence(): void {
    const { silence } = this.#timing;
    const silentMs = Date.now() - this.#peer.receivedAt();
    // A clock that was set back must not prevent pings.
    const leftMs = silentMs < 0 ? silence : silence - silentMs;
    if (leftMs <= 0) this.#ask();
    else
      this.#watch = setTimeout(
        fence(() => this.#watchSilence()),
        leftMs,
      );
  }

  #ask(): void {
    this.#receivedBefore = this.#peer.received();
    this.#peer.ping('');
    this.#watch = setTimeout(
      fence(() => {
        // A flow may have blocked the event loop: timers run before pending input is read.
        this.#judgement = setImmediate(
          fence(() => {
            if (this.#peer.received() > this.#receivedBefore) this.#watchSilence();
            else this.#peer.dead();
          }),
        );
      }),
      this.#timing.pong,
    );
  }
}
