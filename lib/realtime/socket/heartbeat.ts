import type { Timing } from './state';

export interface Peer {
  /** a protocol ping */
  ping(mark: string): void;
  /** the application's own, where there is one */
  beat(): void;
  /** it does not answer any more */
  dead(): void;
}

/**
 * Whether the other side of one open connection still is there. Anything that arrives proves life; after a silence we
 * ask, and without an answer it is dead.
 */
export class Heartbeat {
  readonly #timing: Timing;
  readonly #peer: Peer;
  readonly #beat: NodeJS.Timeout;
  #watch: NodeJS.Timeout | undefined;
  #verdict: NodeJS.Immediate | undefined;
  #heardAt = Date.now();
  #answered = false;
  #latency: number | undefined;

  constructor(timing: Timing, peer: Peer) {
    this.#timing = timing;
    this.#peer = peer;
    this.#beat = setInterval(() => {
      peer.beat();
      peer.ping(String(Date.now()));
    }, timing.ping);
    this.#watchOn();
    peer.ping(String(Date.now()));
  }

  /** Milliseconds that the last ping took, there and back. */
  get latency(): number | undefined {
    return this.#latency;
  }

  /** Something has arrived. No timer is touched here: this is called with every frame. */
  heard(at: number): void {
    this.#heardAt = at;
    this.#answered = true;
  }

  /** @param mark what the ping said that this answers */
  ponged(mark: string, at: number): void {
    this.heard(at);
    const sentAt = Number(mark);
    if (sentAt > 0 && sentAt <= at) this.#latency = at - sentAt;
  }

  stop(): void {
    clearTimeout(this.#watch);
    clearImmediate(this.#verdict);
    clearInterval(this.#beat);
  }

  #watchOn(): void {
    const { silence } = this.#timing;
    const silent = Date.now() - this.#heardAt;
    // A clock that was set back must not keep us from ever asking.
    const left = silent < 0 ? silence : silence - silent;
    if (left <= 0) this.#ask();
    else this.#watch = setTimeout(() => this.#watchOn(), left);
  }

  #ask(): void {
    this.#answered = false;
    this.#peer.ping('');
    this.#watch = setTimeout(() => {
      // A flow may have kept all others waiting: timers come before what has arrived meanwhile can be read.
      this.#verdict = setImmediate(() => {
        if (this.#answered) this.#watchOn();
        else this.#peer.dead();
      });
    }, this.#timing.pong);
  }
}
