import { channel } from 'node:diagnostics_channel';
import type { Delivery } from '../../../lib/realtime/index';

/** What programs that watch this one get to know of an event: no words, no ids. */
export interface EventRecord {
  /** such as `message.received` */
  name: string;
  /** ws, poll, webhook, nats */
  source: string;
  /** it had been missed and was fetched afterwards */
  recovered: boolean;
  /** milliseconds of the clock */
  receivedAt: number;
}

/** `node:diagnostics_channel`: an event is given to the flows; with an {@link EventRecord}. */
export const EVENT_CHANNEL = 'linktor:event';
const delivered = channel(EVENT_CHANNEL);

/** Costs nothing while nobody watches. */
export function publishEvent({ event, source, recovered, receivedAt }: Delivery): void {
  if (!delivered.hasSubscribers) return;
  const record: EventRecord = { name: event.name, source, recovered, receivedAt };
  delivered.publish(record);
}
