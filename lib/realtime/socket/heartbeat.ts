import type { Timing } from './state';

export interface Peer {
  /** when something arrived the last time, milliseconds of the local clock */
  receivedAt(): number;
  /** how often something has arrived */
  received(): number;
  /** a protocol ping */
  ping(mark: string): void;
  /** the ping of the contract, where there is one */
  beat(): void;
  /** the other side does not answer any more */
  dead(): void;
}

/**
 * Is the other side of an open connection still there? Anything that arrives proves it; after a silence it is asked, and
 * without an answer it counts as dead.
 */
export class Heartbeat {
  readonly #timing: Timing;
  readonly #peer: Peer;
  readonly #beat: NodeJS.Timeout;
  #watch: NodeJS.Timeout | undefined;
  #judgement: NodeJS.Immediate | undefined;
  /** how often something had arrived when it was asked */
  #receivedBefore = 0;
  #latency: number | undefined;

  constructor(timing: Timing, peer: Peer) {
    this.#timing = timing;
    this.#peer = peer;
    this.#beat = setInterval(() => {
      peer.beat();
      peer.ping(String(Date.now()));
    }, timing.ping);
    this.#watchSilence();
    peer.ping(String(Date.now()));
  }

  /** Milliseconds that the last ping took, there and back. */
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
    // A clock that was set back must not keep us from ever asking.
    const leftMs = silentMs < 0 ? silence : silence - silentMs;
    if (leftMs <= 0) this.#ask();
    else this.#watch = setTimeout(() => this.#watchSilence(), leftMs);
  }

  #ask(): void {
    this.#receivedBefore = this.#peer.received();
    this.#peer.ping('');
    this.#watch = setTimeout(() => {
      // A flow may have blocked the event loop: timers run before what has arrived meanwhile can be read.
      this.#judgement = setImmediate(() => {
        if (this.#peer.received() > this.#receivedBefore) this.#watchSilence();
        else this.#peer.dead();
      });
    }, this.#timing.pong);
  }
}
