/** Ids that wait for their turn: those of one lane one after the other, so many lanes at a time. */
export class Lanes {
  readonly #width: number;
  readonly #run: (id: string) => Promise<void>;
  readonly #lanes = new Map<string, string[]>();
  /** lanes whose first may begin as soon as there is room */
  readonly #ready: string[] = [];
  readonly #busy = new Set<Promise<void>>();
  #isStopped = false;

  /** @param run resolves when the next of the lane may begin; never rejects */
  constructor(width: number, run: (id: string) => Promise<void>) {
    this.#width = width;
    this.#run = run;
  }

  add(lane: string, id: string): void {
    const waiting = this.#lanes.get(lane);
    if (waiting) {
      waiting.push(id);
      return;
    }
    this.#lanes.set(lane, [id]);
    this.#ready.push(lane);
    this.#pump();
  }

  /** Nothing begins any more. Resolves when what has begun is over. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#busy);
  }

  #pump(): void {
    while (!this.#isStopped && this.#busy.size < this.#width) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      const id = this.#lanes.get(lane)?.[0] as string;
      const work: Promise<void> = this.#run(id).then(() => {
        this.#busy.delete(work);
        this.#advance(lane);
        this.#pump();
      });
      this.#busy.add(work);
    }
  }

  #advance(lane: string): void {
    const waiting = this.#lanes.get(lane);
    waiting?.shift();
    if (waiting?.length) this.#ready.push(lane);
    else this.#lanes.delete(lane);
  }
}
