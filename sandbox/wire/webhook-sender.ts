import * as http from 'node:http';
import * as https from 'node:https';
import type { Happening } from '../sim/events';
import type { Timers } from '../sim/timers';
import { now, type State, TENANT } from '../state';
import { newId } from '../state/collection';
import type { Delivery, Webhook } from '../state/entities';
import { signature } from './signature';

/** Waits before each attempt, in milliseconds. */
const ATTEMPTS_MS = [0, 200, 1000];
const TIMEOUT_MS = 5000;
const KEPT_BYTES = 2000;
const KEPT_DELIVERIES = 1000;

/** Delivers events to the registered webhooks, signed, and tries again when the receiver does not say 2xx. */
export class Hooks {
  readonly #agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };
  readonly #running = new Set<http.ClientRequest>();
  /** The first attempts of one webhook leave one after the other, so that events arrive in order. */
  readonly #queues = new Map<string, Promise<void>>();
  #closed = false;

  constructor(
    private readonly state: State,
    private readonly timers: Timers,
    private readonly log: (line: string) => void,
  ) {}

  /** Delivers to every active webhook that wants this event. */
  publish(happening: Happening, timestamp: string): void {
    const eventId = newId('evt');
    for (const webhook of this.state.webhooks.all()) {
      if (webhook.status === 'active' && wants(webhook, happening)) this.#queue(webhook, happening, eventId, timestamp);
    }
  }

  /** Delivers to one webhook, whatever it subscribed to. */
  deliver(webhook: Webhook, happening: Happening): Delivery {
    return this.#queue(webhook, happening, newId('evt'), now());
  }

  /** Delivers the same event once more. */
  retry(webhook: Webhook, delivery: Delivery): void {
    delivery.status = 'pending';
    this.#enqueue(webhook, delivery);
  }

  /** Breaks off what is under way and forgets what is waiting. */
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

  #queue(webhook: Webhook, happening: Happening, eventId: string, timestamp: string): Delivery {
    const { deliveries } = this.state;
    const delivery = deliveries.add({
      id: deliveries.newId(),
      webhookId: webhook.id,
      eventId,
      eventType: nameFor(webhook, happening),
      status: 'pending',
      attempts: 0,
      payload: JSON.stringify(envelope(webhook, happening, eventId, timestamp)),
      createdAt: now(),
    });
    const oldest = deliveries.size > KEPT_DELIVERIES ? deliveries.find(() => true) : undefined;
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
    // A reset or a deletion in between makes the delivery pointless.
    if (this.#closed || this.state.deliveries.get(delivery.id) !== delivery) return;
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
    const wait = ATTEMPTS_MS[number + 1];
    if (wait === undefined) {
      delivery.status = 'failed';
      this.log(`webhook ${webhook.id}: ${delivery.eventType} not delivered`);
    } else if (!this.#closed) {
      this.timers.after(wait, () => void this.#attempt(webhook, delivery, number + 1));
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
      const request = (secure ? https : http).request(url, { method: 'POST', headers, agent, timeout: TIMEOUT_MS });
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
          if (body.length < KEPT_BYTES) body += part;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: body.slice(0, KEPT_BYTES) }));
      });
      request.end(delivery.payload);
    });
  }
}

function wants({ events }: Webhook, { type, docsType }: Happening): boolean {
  return events.length === 0 || events.some((event) => event === '*' || event === type || event === docsType);
}

function nameFor({ scheme }: Webhook, { type, docsType }: Happening): string {
  return scheme === 'timestamp' ? docsType : type;
}

/** The envelope that goes with the way of signing. */
function envelope(webhook: Webhook, happening: Happening, id: string, timestamp: string): unknown {
  if (webhook.scheme === 'body') return { id, type: happening.type, timestamp, tenantId: TENANT, data: happening.data };
  const { docsType: event, entity: data } = happening;
  return { id, event, timestamp, data, meta: { organizationId: TENANT, webhookId: webhook.id } };
}
