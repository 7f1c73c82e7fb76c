import type { SendRequest } from '../../../lib/sending/index';

/** Work that a send node stores in the outbox. */
export interface OutboxWork {
  request: SendRequest;
  /** milliseconds of typing indicator before the message is sent */
  typingMs: number;
  /** not sent while a person is in charge */
  obeyTakeover: boolean;
  /** not sent to a person who has opted out; undefined in messages of earlier versions */
  obeyOptOut?: boolean;
  /** W3C trace context of the message that is sent later */
  traceparent?: string;
  /** list sends: recipient data that is added to the result */
  extra?: Record<string, unknown>;
}

/** The outbox, for one message of one node. */
export interface Box {
  /** Store the work. Resolves once it is on disk. @throws LinktorError `storage`, `rate_limit` */
  store(work: OutboxWork): Promise<void>;
}
