import { randomBytes } from 'node:crypto';
import type { World } from '../sim/world';
import { type State, stamp, touch } from '../state';
import type { Delivery, Webhook, WebhookEvent } from '../state/entities';
import { Form } from '../wire/form';
import { list } from '../wire/paging';
import { invalid, notFound } from '../wire/problem';
import { type Answer, type Call, created, noContent, ok, type Router } from '../wire/router';

/** Webhooks and their deliveries. */
export function webhookRoutes(router: Router, world: World): void {
  const { state, webhooks } = world;
  const need = ({ params }: Call): Webhook => state.webhooks.need(params.id ?? '');
  router
    .on('GET', '/webhooks', ({ query }) =>
      list(state.webhooks.all(), query, {
        filters: { status: ({ status }, wanted) => status === wanted },
        sort: { createdAt: ({ createdAt }) => createdAt },
        view: webhookView,
      }),
    )
    .on('POST', '/webhooks', ({ body }) => created(addWebhook(state, new Form(body))))
    .on('GET', '/webhooks/:id', (call) => ok(webhookView(need(call))))
    .on('PATCH', '/webhooks/:id', (call) => ok(webhookView(update(need(call), new Form(call.body)))))
    .on('DELETE', '/webhooks/:id', (call) => {
      const { id } = need(call);
      for (const { id: old } of deliveriesOf(state, id)) state.deliveries.remove(old);
      state.webhooks.remove(id);
      return noContent();
    })
    .on('POST', '/webhooks/:id/test', (call) => {
      const type = new Form(call.body).text('event') ?? 'test.ping';
      return ok(deliveryView(webhooks.deliver(need(call), testEvent(type))));
    })
    .on('GET', '/webhooks/:id/deliveries', (call) => deliveries(state, need(call), call.query))
    .on('POST', '/webhooks/:id/deliveries/:delivery/retry', (call) => {
      const webhook = need(call);
      const delivery = state.deliveries.get(call.params.delivery ?? '');
      if (delivery?.webhookId !== webhook.id) throw notFound('Delivery');
      webhooks.retry(webhook, delivery);
      return ok(deliveryView(delivery));
    });
}

/**
 * Registers a webhook. A missing secret is generated; only this answer contains it.
 *
 * @throws a 400 problem
 */
export function addWebhook(state: State, form: Form): Webhook {
  const config = form.map('config') ?? {};
  const webhook: Webhook = {
    ...stamp(state.webhooks.newId()),
    url: readUrl(form),
    secret: form.text('secret') ?? `whsec_${randomBytes(24).toString('hex')}`,
    events: form.texts('events') ?? [],
    scheme: form.choice('scheme', ['body', 'timestamp']) ?? 'body',
    status: 'active',
    description: form.text('description'),
    headers: readHeaders(form),
    config,
  };
  return state.webhooks.add(webhook);
}

function update(webhook: Webhook, form: Form): Webhook {
  if (form.has('url')) webhook.url = readUrl(form);
  webhook.events = form.texts('events') ?? webhook.events;
  webhook.status = form.choice('status', ['active', 'inactive']) ?? webhook.status;
  webhook.scheme = form.choice('scheme', ['body', 'timestamp']) ?? webhook.scheme;
  webhook.config = form.map('config') ?? webhook.config;
  if (form.has('headers')) webhook.headers = readHeaders(form);
  form.patch(webhook, 'description', (field) => form.text(field));
  touch(webhook);
  return webhook;
}

function deliveries(state: State, { id }: Webhook, query: URLSearchParams): Answer {
  const isEvent = ({ eventType }: Delivery, wanted: string): boolean => eventType === wanted;
  return list(deliveriesOf(state, id), query, {
    filters: {
      status: ({ status }, wanted) => status === (wanted === 'succeeded' ? 'success' : wanted),
      event: isEvent,
    },
    sort: { createdAt: ({ createdAt }) => createdAt },
    order: 'desc',
    view: deliveryView,
  });
}

function deliveriesOf(state: State, webhookId: string): Delivery[] {
  return state.deliveries.filter((delivery) => delivery.webhookId === webhookId);
}

function webhookView({ secret: _, ...webhook }: Webhook): object {
  return webhook;
}

function deliveryView({ payload: _, ...delivery }: Delivery): object {
  return delivery;
}

function testEvent(type: string): WebhookEvent {
  const data = { message: 'This is a test' };
  return { type, docsType: type, data, entity: { id: 'test', type: 'test', attributes: data } };
}

/** Plain http is fine here: the receiver is on the same machine. */
function readUrl(form: Form): string {
  const text = form.needText('url');
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw invalid('url', 'must be an http or https URL');
  }
  return text;
}

function readHeaders(form: Form): Record<string, string> {
  const headers = form.form('headers');
  return headers ? Object.fromEntries(Object.keys(headers.fields()).map((name) => [name, headers.needText(name)])) : {};
}
