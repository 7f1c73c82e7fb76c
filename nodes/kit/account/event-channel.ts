import { channel } from 'node:diagnostics_channel';
import type { Delivery } from '../../../lib/realtime/index';

/** Event data for monitoring programs: no texts, no ids. */
export interface EventRecord {
  /** such as `message.received` */
  name: string;
  /** ws, poll, webhook, nats */
  source: string;
  /** missed at first and fetched afterwards */
  recovered: boolean;
  /** milliseconds of the clock */
  receivedAt: number;
}

/** Name of the `node:diagnostics_channel` that publishes an {@link EventRecord} for each event given to flows. */
export const EVENT_CHANNEL = 'linktor:event';
const delivered = channel(EVENT_CHANNEL);

/** Publish an event; no cost without subscribers. */
export function publishEvent({ event, source, recovered, receivedAt }: Delivery): void {
  if (!delivered.hasSubscribers) return;
  const record: EventRecord = { name: event.name, source, recovered, receivedAt };
  delivered.publish(record);
}
