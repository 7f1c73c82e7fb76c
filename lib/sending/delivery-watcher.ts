import { detach, fence } from '../async/fence';
import { LinktorError } from '../errors';
import { hasReached, statusRank } from '../messages/status';
import type { Message } from '../model';
import type { Delivery, SocketState } from '../realtime';

/** The source of message statuses: the account's realtime connection, or its polling. */
export interface StatusSource {
  onEvent(listener: (delivery: Delivery) => void): void;
  subscribe(conversationId: string): void;
  /** resolves when the server has read the subscription, or the connection has ended */
  settled(): Promise<void>;
  onState(listener: (state: SocketState) => void): void;
  readonly state: SocketState;
  /** events are polled */
  readonly polls?: boolean;
}

export interface DeliveryWait {
  status: 'delivered' | 'read';
  /** seconds */
  timeoutS: number;
  signal: AbortSignal;
  /** reads one message by REST */
  look(messageId: string): Promise<Message>;
}

type KnownStatus = Pick<Message, 'status'> & { reason?: string };

/** First interval between two REST reads without a realtime connection. */
const LOOK_WITHOUT_EVENTS_MS = 1000;
/** The same while the realtime connection is open. */
const LOOK_WITH_EVENTS_MS = 8000;

/** Follows the statuses of one conversation's messages. Create it before they are sent: some statuses are fast. */
export class DeliveryWatcher {
  readonly #known = new Map<string, KnownStatus>();
  readonly #source: StatusSource;
  #nextLook = 0;
  #pause = LOOK_WITHOUT_EVENTS_MS;
  #looking = false;
  #wake = () => {};

  constructor(source: StatusSource, conversationId: string) {
    this.#source = source;
    source.onEvent(({ event }) => {
      if (event.conversationId !== conversationId) return;
      const { messageId = event.message?.id, status = event.message?.status } = event;
      if (messageId !== undefined) this.#learn(messageId, status);
    });
    source.onState(({ name }) => {
      if (name === 'open') detach(this.#lookOnceSettled());
      this.#wake();
    });
    source.subscribe(conversationId);
  }

  /**
   * Wait until all messages have the wanted status, or a later one.
   * @returns the status of the last one
   * @throws LinktorError `server` when the delivery of one has failed, `timeout` when it takes too long
   */
  async all(messageIds: readonly string[], wait: DeliveryWait): Promise<string> {
    const end = Date.now() + wait.timeoutS * 1000;
    const stop = fence(() => this.#wake());
    wait.signal.addEventListener('abort', stop);
    this.#pause =
      ['open', 'sharing'].includes(this.#source.state.name) && !this.#source.polls
        ? LOOK_WITH_EVENTS_MS
        : LOOK_WITHOUT_EVENTS_MS;
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
        // The last read must leave time for its answer.
        const last = end - LOOK_WITHOUT_EVENTS_MS;
        if (now < last) this.#nextLook = Math.min(this.#nextLook, last);
        await this.#pauseUntil(Math.min(end, Math.max(this.#nextLook, now + 1)));
      }
    } finally {
      wait.signal.removeEventListener('abort', stop);
    }
  }

  /** What came before the subscription no event tells. */
  async #lookOnceSettled(): Promise<void> {
    await this.#source.settled();
    this.#nextLook = 0;
    this.#wake();
  }

  #has(messageId: string, wanted: DeliveryWait['status']): boolean {
    return hasReached(this.#known.get(messageId)?.status, wanted);
  }

  #learn(messageId: string, status: string | undefined): void {
    // An unknown status is ignored.
    if (statusRank(status) < Math.max(0, statusRank(this.#known.get(messageId)?.status))) return;
    this.#known.set(messageId, { status });
    this.#wake();
  }

  /** Read in the background, since an event may be faster. A failed read is repeated. */
  #look(messageIds: readonly string[], { look }: DeliveryWait): void {
    this.#nextLook = Date.now() + this.#pause;
    this.#pause *= 2;
    if (this.#looking) return;
    this.#looking = true;
    const looks = messageIds.map((id) => look(id).then(({ status }) => this.#learn(id, status)));
    detach(
      Promise.allSettled(looks).then(() => {
        this.#looking = false;
      }),
    );
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
