import type { SendRequest } from '../../../lib/sending/index';

/** What a send node leaves to the outbox. */
export interface OutboxWork {
  request: SendRequest;
  /** milliseconds that somebody seems to be typing before the message leaves */
  typingMs: number;
  /** it is not sent while a person is in charge */
  obeyTakeover: boolean;
  /** of a list: who it was for, to be told with the result */
  extra?: Record<string, unknown>;
}

/** The outbox, for one message of one node. */
export interface Box {
  /** Resolves once it is on disk. @throws LinktorError `storage`, `rate_limit` */
  store(work: OutboxWork): Promise<void>;
}
