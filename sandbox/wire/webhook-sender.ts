import * as http from 'node:http';
import * as https from 'node:https';
import { now, type State, TENANT } from '../state';
import { newId } from '../state/collection';
import type { Delivery, Webhook, WebhookEvent } from '../state/entities';
import { signature } from './signature';
import type { Timers } from './timers';

/** Delay before each attempt. */
const RETRY_DELAYS_MS = [0, 200, 1000];
const DELIVERY_TIMEOUT_MS = 5000;
const MAX_KEPT_RESPONSE_CHARACTERS = 2000;
const MAX_KEPT_DELIVERIES = 1000;

/** Delivers signed events to the registered webhooks, and retries unless the receiver answers 2xx. */
export class WebhookSender {
  readonly #agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };
  readonly #running = new Set<http.ClientRequest>();
  /** First attempts of one webhook are sequential, so that events arrive in order. */
  readonly #queues = new Map<string, Promise<void>>();
  #closed = false;
  readonly #state: State;
  readonly #timers: Timers;
  readonly #log: (line: string) => void;

  constructor(state: State, timers: Timers, log: (line: string) => void) {
    this.#state = state;
    this.#timers = timers;
    this.#log = log;
  }

  /** Delivers to every active webhook that is subscribed to this event. */
  publish(event: WebhookEvent, timestamp: string): void {
    const eventId = newId('evt');
    for (const webhook of this.#state.webhooks.all()) {
      if (webhook.status === 'active' && isSubscribed(webhook, event)) this.#queue(webhook, event, eventId, timestamp);
    }
  }

  /** Delivers to one webhook, regardless of its subscription. */
  deliver(webhook: Webhook, event: WebhookEvent): Delivery {
    return this.#queue(webhook, event, newId('evt'), now());
  }

  /** Delivers the same event once more. */
  retry(webhook: Webhook, delivery: Delivery): void {
    delivery.status = 'pending';
    this.#enqueue(webhook, delivery);
  }

  /** Aborts running attempts and drops queued ones. */
  reset(): void {
    for (const request of this.#running) request.destroy();
    this.#running.clear();
    this.#queues.clear();
  }

  close(): void {
    this.#closed = true;
    this.reset();
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #queue(webhook: Webhook, event: WebhookEvent, eventId: string, timestamp: string): Delivery {
    const { deliveries } = this.#state;
    const delivery = deliveries.add({
      id: deliveries.newId(),
      webhookId: webhook.id,
      eventId,
      eventType: eventNameFor(webhook, event),
      status: 'pending',
      attempts: 0,
      payload: JSON.stringify(envelope(webhook, event, eventId, timestamp)),
      createdAt: now(),
    });
    const oldest = deliveries.size > MAX_KEPT_DELIVERIES ? deliveries.find(() => true) : undefined;
    if (oldest) deliveries.remove(oldest.id);
    this.#enqueue(webhook, delivery);
    return delivery;
  }

  #enqueue(webhook: Webhook, delivery: Delivery): void {
    const before = this.#queues.get(webhook.id) ?? Promise.resolve();
    this.#queues.set(
      webhook.id,
      before.then(() => this.#attempt(webhook, delivery, 0)),
    );
  }

  async #attempt(webhook: Webhook, delivery: Delivery, number: number): Promise<void> {
    // Skip a delivery that was removed by a reset or a deletion meanwhile.
    if (this.#closed || this.#state.deliveries.get(delivery.id) !== delivery) return;
    delivery.attempts += 1;
    delivery.lastAttemptAt = now();
    try {
      const { status, body } = await this.#post(webhook, delivery);
      delivery.responseStatus = status;
      delivery.responseBody = body;
      delivery.error = undefined;
      if (status >= 200 && status < 300) {
        delivery.status = 'success';
        return;
      }
    } catch (error) {
      delivery.error = error instanceof Error ? error.message : String(error);
    }
    const wait = RETRY_DELAYS_MS[number + 1];
    if (wait === undefined) {
      delivery.status = 'failed';
      this.#log(`webhook ${webhook.id}: ${delivery.eventType} not delivered`);
    } else if (!this.#closed) {
      this.#timers.after(wait, () => void this.#attempt(webhook, delivery, number + 1));
    }
  }

  #post(webhook: Webhook, delivery: Delivery): Promise<{ status: number; body: string }> {
    const url = new URL(webhook.url);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = {
      ...webhook.headers,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(delivery.payload),
      'X-Linktor-Signature': signature(webhook.scheme, webhook.secret, timestamp, delivery.payload),
      'X-Linktor-Timestamp': timestamp,
      'X-Linktor-Event': delivery.eventType,
      'X-Linktor-Delivery-Id': delivery.id,
    };
    const secure = url.protocol === 'https:';
    const agent = this.#agents[secure ? 'https:' : 'http:'];
    return new Promise((resolve, reject) => {
      const request = (secure ? https : http).request(url, {
        method: 'POST',
        headers,
        agent,
        timeout: DELIVERY_TIMEOUT_MS,
      });
      this.#running.add(request);
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', reject);
      request.on('close', () => {
        this.#running.delete(request);
        reject(new Error('connection closed'));
      });
      request.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          if (body.length < MAX_KEPT_RESPONSE_CHARACTERS) body += part;
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: body.slice(0, MAX_KEPT_RESPONSE_CHARACTERS) }),
        );
      });
      request.end(delivery.payload);
    });
  }
}

function isSubscribed({ events }: Webhook, { type, docsType }: WebhookEvent): boolean {
  return events.length === 0 || events.some((event) => event === '*' || event === type || event === docsType);
}

function eventNameFor({ scheme }: Webhook, { type, docsType }: WebhookEvent): string {
  return scheme === 'timestamp' ? docsType : type;
}

/** The envelope that belongs to the signature scheme of the webhook. */
function envelope(webhook: Webhook, event: WebhookEvent, id: string, timestamp: string): unknown {
  if (webhook.scheme === 'body') return { id, type: event.type, timestamp, tenantId: TENANT, data: event.data };
  const meta = { organizationId: TENANT, webhookId: webhook.id };
  return { id, event: event.docsType, timestamp, data: event.entity, meta };
}
