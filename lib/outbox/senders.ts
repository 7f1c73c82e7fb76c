import { LinktorError, toLinktorError } from '../errors';
import type { Ending, Parcel, Sender } from './parcel';

/** A node that is not back by then is gone. */
const MAX_ABSENCE_MS = 60_000;

/** Tells nodes what became of their parcels, and keeps it for those that a deploy is just replacing. */
export class Senders {
  readonly #senders = new Map<string, Sender>();
  readonly #held = new Map<string, { parcel: Parcel; ending: Ending }[]>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #forget: (parcel: Parcel) => Promise<void>;
  readonly #onProblem: (error: LinktorError, parcel?: Parcel) => void;
  #isClosed = false;

  /**
   * @param forget takes a parcel that is over out of the ledger
   * @param onProblem hears of failures that no node is there for
   */
  constructor(forget: (parcel: Parcel) => Promise<void>, onProblem: (error: LinktorError, parcel?: Parcel) => void) {
    this.#forget = forget;
    this.#onProblem = onProblem;
  }

  has(nodeId: string): boolean {
    return this.#senders.has(nodeId);
  }

  register(nodeId: string, sender: Sender): () => void {
    if (this.#isClosed) return () => {};
    this.#senders.set(nodeId, sender);
    this.#release(nodeId);
    return () => {
      if (this.#senders.get(nodeId) === sender) this.#senders.delete(nodeId);
    };
  }

  /** It is over, and the ledger says so. The node gets to know now, or when it is here. */
  hold(parcel: Parcel, ending: Ending): void {
    if (this.#isClosed) return;
    if (this.has(parcel.nodeId)) return this.#forgetAndTell(parcel, ending);
    const held = this.#held.get(parcel.nodeId) ?? [];
    this.#held.set(parcel.nodeId, [...held, { parcel, ending }]);
    if (held.length > 0) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#release(parcel.nodeId);
    }, MAX_ABSENCE_MS);
    timer.unref();
    this.#timers.add(timer);
  }

  /** The parcel is out of the ledger: this is the only time that it is told. */
  tell(parcel: Parcel, ending: Ending): void {
    const sender = this.#senders.get(parcel.nodeId);
    if (!sender) {
      if ('error' in ending) this.#onProblem(errorOf(ending), parcel);
      return;
    }
    if ('error' in ending) return sender.failed(parcel, errorOf(ending));
    Promise.resolve(sender.sent(parcel, ending.result)).catch((error: unknown) =>
      sender.failed(parcel, toLinktorError(error)),
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#senders.clear();
    this.#held.clear();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #release(nodeId: string): void {
    const held = this.#held.get(nodeId) ?? [];
    this.#held.delete(nodeId);
    for (const { parcel, ending } of held) this.#forgetAndTell(parcel, ending);
  }

  #forgetAndTell(parcel: Parcel, ending: Ending): void {
    this.#forget(parcel).then(
      () => this.tell(parcel, ending),
      (error: unknown) => this.#onProblem(toLinktorError(error)),
    );
  }
}

/** @returns an error as plain data, to be kept */
export function plain({ code, message, cause }: LinktorError): Ending {
  return { error: { code, message, cause: { ...cause } } };
}

function errorOf({ error }: Extract<Ending, { error: unknown }>): LinktorError {
  return new LinktorError(error.code, error.message, error.cause);
}
