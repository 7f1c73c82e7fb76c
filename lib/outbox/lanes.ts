/** Ids that wait for their turn: in order within a lane, a limited number of lanes at a time. */
export class Lanes {
  readonly #width: number;
  readonly #run: (id: string) => Promise<void>;
  readonly #lanes = new Map<string, string[]>();
  /** lanes whose first id may start as soon as there is room */
  readonly #ready: string[] = [];
  readonly #busy = new Set<Promise<void>>();
  #isStopped = false;

  /** @param run resolves when the next id of the lane may start; never rejects */
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

  /** Start nothing more. Resolves when all running tasks have ended. */
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
