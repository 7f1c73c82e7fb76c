import { LinktorError } from '../errors';
import type { Message } from '../model';
import type { Delivery, SocketState } from '../realtime';

/** The live side, as far as somebody who waits for a message needs it. */
export interface StatusSource {
  onEvent(listener: (delivery: Delivery) => void): void;
  subscribe(conversationId: string): void;
  onState(listener: (state: SocketState) => void): void;
  readonly state: SocketState;
  /** what comes is asked for now and then */
  readonly polls?: boolean;
}

export interface DeliveryWait {
  status: 'delivered' | 'read';
  /** seconds */
  timeoutS: number;
  signal: AbortSignal;
  /** one REST look at a message */
  look(messageId: string): Promise<Message>;
}

type KnownStatus = Pick<Message, 'status'> & { reason?: string };

const rank: Record<string, number> = { pending: 0, sent: 1, delivered: 2, read: 3, failed: 4 };
/** milliseconds between two looks: while nothing can be heard, and while it should be */
const blind = 1000;
const hearing = 8000;
/** after the connection has opened, for the subscription to be read */
const settling = 250;

/** Listens for what becomes of the messages of a conversation. To be made before they are sent: some are fast. */
export class DeliveryWatcher {
  readonly #known = new Map<string, KnownStatus>();
  readonly #line: StatusSource;
  #nextLook = 0;
  #pause = blind;
  #looking = false;
  #wake = () => {};

  constructor(line: StatusSource, conversationId: string) {
    this.#line = line;
    line.onEvent(({ event }) => {
      if (event.conversationId !== conversationId) return;
      const { messageId = event.message?.id, status = event.message?.status } = event;
      if (messageId !== undefined) this.#learn(messageId, status);
    });
    line.onState(({ name }) => {
      if (name === 'open') this.#nextLook = Math.min(this.#nextLook, Date.now() + settling);
      this.#wake();
    });
    line.subscribe(conversationId);
  }

  /**
   * Wait until all messages have come so far.
   * @returns the status of the last one
   * @throws LinktorError `server` when one of them has failed on its way, `timeout` when it takes too long
   */
  async all(messageIds: readonly string[], wait: DeliveryWait): Promise<string> {
    const end = Date.now() + wait.timeoutS * 1000;
    const stop = () => this.#wake();
    wait.signal.addEventListener('abort', stop);
    this.#pause = this.#line.state.name === 'open' && !this.#line.polls ? hearing : blind;
    try {
      for (;;) {
        const missing = messageIds.filter((id) => !this.#has(id, wait.status));
        const failed = missing.find((id) => this.#known.get(id)?.status === 'failed');
        if (failed !== undefined) throw await this.#lost(failed, wait);
        if (missing.length === 0) return this.#known.get(messageIds.at(-1) ?? '')?.status ?? wait.status;
        const now = Date.now();
        if (wait.signal.aborted) throw new LinktorError('unexpected', 'Closed before the message had arrived.');
        if (now >= end) throw this.#late(missing[0] ?? '', wait);
        if (now >= this.#nextLook) this.#look(missing, wait);
        // The last look is made while there is still time for its answer.
        const last = end - blind;
        if (now < last) this.#nextLook = Math.min(this.#nextLook, last);
        await this.#pauseUntil(Math.min(end, Math.max(this.#nextLook, now + 1)));
      }
    } finally {
      wait.signal.removeEventListener('abort', stop);
    }
  }

  #has(messageId: string, wanted: string): boolean {
    const { status = '' } = this.#known.get(messageId) ?? {};
    return status !== 'failed' && (rank[status] ?? 0) >= (rank[wanted] ?? 0);
  }

  #learn(messageId: string, status: string | undefined): void {
    const before = this.#known.get(messageId)?.status;
    if (status === undefined || (rank[status] ?? 0) < (rank[before ?? ''] ?? 0)) return;
    this.#known.set(messageId, { status });
    this.#wake();
  }

  /** In the background: what is heard meanwhile is faster. A look that fails will be made again. */
  #look(messageIds: readonly string[], { look }: DeliveryWait): void {
    this.#nextLook = Date.now() + this.#pause;
    this.#pause *= 2;
    if (this.#looking) return;
    this.#looking = true;
    const looks = messageIds.map((id) => look(id).then(({ status }) => this.#learn(id, status)));
    void Promise.allSettled(looks).then(() => {
      this.#looking = false;
    });
  }

  #pauseUntil(time: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, time - Date.now());
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #lost(messageId: string, { look }: DeliveryWait): Promise<LinktorError> {
    const { failedReason, errorMessage } = await look(messageId).catch(() => ({}) as Partial<Message>);
    const reason = [failedReason, errorMessage].find((one) => typeof one === 'string') ?? 'no reason is given';
    return new LinktorError('server', `The message could not be delivered: ${reason}.`, {
      details: { messageId, status: 'failed', reason },
      hint: 'It was accepted and failed on its way to the customer: see that the channel works before you send again.',
    });
  }

  #late(messageId: string, { status, timeoutS: timeout }: DeliveryWait): LinktorError {
    const known = this.#known.get(messageId)?.status ?? 'pending';
    return new LinktorError('timeout', `The message ${messageId} is ${known}, not ${status}, after ${timeout} s.`, {
      details: { messageId, status: known },
      hint: 'It was accepted, so do not send it again: wait longer, or follow it with the status-in node.',
    });
  }
}
