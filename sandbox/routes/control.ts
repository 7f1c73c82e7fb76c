import { advanceStatus } from '../sim/messages';
import type { World } from '../sim/world';
import { MESSAGE_STATUSES } from '../state/message';
import { controlRouter } from '../wire/control-router';
import type { Fault } from '../wire/faults';
import type { Form } from '../wire/form';
import { invalid } from '../wire/problem';
import { type Answer, ok, type Router } from '../wire/router';
import { messageView } from '../wire/views';
import { receiveMessage } from './customer';

/** Control routes: act as the customer, provoke failures, report the state. No sign-in, but only from this machine. */
export function controlRoutes(router: Router, world: World): void {
  const { state, faults } = world;
  const { on, post } = controlRouter(router);
  post('/reset', () => {
    world.reset();
    return ok({ reset: true });
  });
  post('/messages', (form) => receiveMessage(world, form));
  post('/typing', (form) => publishTyping(world, form));
  post('/status', (form) => {
    const message = state.messages.need(form.needText('messageId'));
    advanceStatus(world, message, form.needChoice('status', MESSAGE_STATUSES), form.text('error'));
    return ok(messageView(message));
  });
  on('GET', '/receipts', () => ok({ receipts: world.settings.receipts }));
  post('/receipts', (form) => {
    const isManual = form.needChoice('receipts', ['auto', 'manual']) === 'manual';
    world.settings.receipts = isManual ? world.byHand : 'auto';
    return ok({ receipts: world.settings.receipts });
  });
  post('/fail', (form) => {
    faults.plan(readFault(form));
    return ok({ planned: true });
  });
  post('/latency', (form) => {
    faults.latency = form.needNumber('ms', { min: 0, max: 600_000 });
    return ok({ ms: faults.latency });
  });
  post('/limit', (form) => {
    const perMinute = form.needNumber('perMinute', { min: 0, integer: true });
    faults.limit(perMinute, form.number('windowMs', { min: 1 }));
    return ok({ perMinute });
  });
  post('/store-delay', (form) => {
    faults.storeDelayMs = form.needNumber('ms', { min: 0, max: 86_400_000 });
    return ok({ ms: faults.storeDelayMs });
  });
  post('/cutoff', (form) => {
    faults.cutoff = form.needNumber('ms', { min: 0, max: 600_000 });
    return ok({ ms: faults.cutoff });
  });
  post('/sockets/drop', (form) => ok({ dropped: world.sockets.drop(closeCode(form)) }));
  post('/sockets/freeze', () => ok({ frozen: world.sockets.freeze() }));
  post('/sockets/thaw', () => ok({ thawed: world.sockets.thaw() }));
  on('GET', '/state', () => ok(stateReport(world)));
}

function stateReport({ state, faults, sockets }: World): unknown {
  const { clients, ...counts } = sockets.report();
  return {
    counts: { requests: faults.total, limited: faults.limited, ...state.counts() },
    sockets: counts,
    clients,
    sends: state.sends,
    requests: faults.requests,
  };
}

function publishTyping({ state, publishers }: World, form: Form): Answer {
  const { id: conversationId, contactId } = state.conversations.need(form.needText('conversationId'));
  const userId = form.text('userId') ?? contactId;
  const isTyping = form.flag('isTyping') ?? true;
  for (const publisher of publishers) publisher.typing(conversationId, userId, isTyping);
  return ok({ conversationId, isTyping });
}

function readFault(form: Form): Fault {
  const count = form.number('count', { min: 0, integer: true }) ?? 1;
  const reset = form.flag('reset') ?? false;
  const after = form.flag('after') ?? false;
  const stored = form.flag('afterStore') ?? false;
  const status = form.number('status', { min: 200, max: 599, integer: true });
  if (count > 0 && !reset && !after && !stored && status === undefined)
    throw invalid('status', 'is required, or reset');
  const headers = form.form('headers');
  return {
    count,
    reset: reset || (after && status === undefined),
    after,
    stored,
    status: status ?? 500,
    headers: headers
      ? Object.fromEntries(Object.keys(headers.fields()).map((name) => [name, headers.needText(name)]))
      : {},
    body: form.raw('body'),
    method: form.text('method')?.toUpperCase(),
    path: form.text('path'),
  };
}

/** Close codes that a server may send: 1005 and 1006 stand for a missing close frame. */
function closeCode(form: Form): number | undefined {
  const code = form.number('code', { min: 1000, max: 4999, integer: true });
  if (code === 1006) return undefined;
  const possible = code === undefined || (code <= 1014 && ![1004, 1005].includes(code)) || code >= 3000;
  if (!possible) throw invalid('code', 'is not a code that a close frame may have');
  return code;
}
