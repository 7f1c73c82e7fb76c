import { invalid } from '../lib/errors';
import {
  type GuessSettings,
  guessers,
  guessIntent,
  type KnownContact,
  type OpeningHours,
  type Route,
  type RouteFacts,
  type RouteRule,
  Router,
  type RouteSources,
  type RuleKind,
  ruleKinds,
} from '../lib/routing';
import { type ActionContext, action } from './kit/define';
import { as, choice, config, defined, isObject, number, table, typed, type Values } from './kit/fields';
import type { Msg } from './kit/red';

const fields = {
  text: typed('payload', { convert: as.string, icon: 'comment-o' }),
  rules: table(
    [
      { name: 'rule', kind: 'choice', options: ruleKinds, share: 5 },
      { name: 'value', share: 3 },
      { name: 'name', share: 2 },
    ],
    { icon: 'random', required: true },
  ),
  match: choice(['first', 'all'], { icon: 'code-fork' }),
  hours: config('linktor-hours', { icon: 'clock-o' }),
  remember: number(0, { min: 0, max: 10_080, unit: 'min', icon: 'thumb-tack', when: { match: ['first'] } }),
  intentBy: choice(guessers, { icon: 'magic', section: 'intent' }),
  model: typed('model', {
    convert: as.id,
    pick: 'models',
    icon: 'microchip',
    section: 'intent',
    when: { intentBy: ['auto', 'model', 'examples'] },
  }),
  provider: typed('provider', {
    convert: as.id,
    pick: 'providers',
    icon: 'cloud',
    section: 'intent',
    when: { intentBy: ['auto', 'server', 'model'] },
  }),
  threshold: number(0.6, { min: 0, max: 1, icon: 'tachometer', section: 'intent' }),
  unsure: choice(['otherwise', 'output'], { icon: 'question-circle-o', section: 'intent' }),
};

type Context = ActionContext<Values<typeof fields>>;

/** lifetime of cached contacts and conversations, milliseconds */
const KNOWN_MS = 60_000;
/** messages searched for the previous one of the contact */
const MAX_EARLIER = 20;

/** Route each message to the output of the first matching rule, or of all matching rules. */
export default action({
  type: 'linktor-router',
  outputs: ['unsure'],
  rowOutputs: { field: 'rules', column: 'name' },
  outputWhen: { unsure: { unsure: ['output'] } },
  busy: 'asking',
  fields,
  async run(context) {
    const { values, notes } = context;
    const rules = rulesOf(values.rules);
    const router = routerOf(context, rules);
    const vectors = (notes.get('vectors') as GuessSettings['vectors'] | undefined) ?? new Map();
    notes.set('vectors', vectors);
    const kept = keptOf(context);
    if (context.msg.reset) {
      kept.forget();
      return undefined;
    }
    const found = await router.route(factsOf(context), sourcesOf(context, rules, vectors), kept.index);
    const [first] = found;
    if (first && first.index >= 0 && first.rule !== 'otherwise') kept.keep(first.index);
    const routes = found.flatMap((route) => withPort(route, rules, values.unsure));
    for (const { route, port } of routes.slice(0, -1)) await context.emit({ result: undefined, port, ...said(route) });
    const last = routes.at(-1);
    return last && { result: undefined, port: last.port, ...said(last.route) };
  },
});

/** conversations whose route is remembered */
const MAX_KEPT = 10_000;

/** Access the last route of a conversation, if routes are remembered. */
function keptOf({ values, msg, notes }: Context) {
  const { conversationId: id } = msg;
  const { remember, match } = values;
  const all = (notes.get('ways') as Map<unknown, Way> | undefined) ?? new Map<unknown, Way>();
  notes.set('ways', all);
  const isOn = remember > 0 && match === 'first' && id !== undefined;
  const way = isOn ? all.get(id) : undefined;
  return {
    index: way && way.until > Date.now() ? way.index : undefined,
    keep(index: number) {
      if (!isOn) return;
      all.delete(id);
      all.set(id, { index, until: Date.now() + remember * 60_000 });
      if (all.size > MAX_KEPT) all.delete(all.keys().next().value);
    },
    forget: () => all.delete(id),
  };
}

interface Way {
  index: number;
  /** milliseconds of the clock */
  until: number;
}

function said({ name, index, rule, by, confidence, captures, args, until }: Route) {
  const route = defined({ name, index, rule, by, confidence, captures, until });
  return { properties: { route, captures, args }, keepPayload: true };
}

function rulesOf(rows: readonly Record<string, unknown>[]): RouteRule[] {
  if (rows.length === 0) throw invalid('There are no rules.', 'Fill in the table "rules" of this node.');
  return rows.map(({ rule = ruleKinds[0], value = '', name = '' }) => ({
    rule: rule as RuleKind,
    value: String(value),
    name: String(name),
  }));
}

/** Compile the rules once, not for every message. */
function routerOf({ values, notes, provided }: Context, rules: readonly RouteRule[]): Router {
  const { hours, match, threshold } = values;
  const times = hours === '' ? undefined : provided<OpeningHours>(hours);
  const known = notes.get('router') as { router: Router; times?: OpeningHours } | undefined;
  if (known && known.times === times) return known.router;
  const router = new Router({ rules, hours: times, match, threshold });
  notes.set('router', { router, times });
  return router;
}

/** An uncertain result has its own output, or goes to the rule "otherwise". */
function withPort(route: Route, rules: readonly RouteRule[], unsure: string): { route: Route; port: number }[] {
  if (route.index >= 0) return [{ route, port: route.index }];
  if (unsure === 'output') return [{ route, port: rules.length }];
  const otherwise = rules.findIndex(({ rule }) => rule === 'otherwise');
  return otherwise < 0 ? [] : [{ route: { ...route, name: rules[otherwise]?.name ?? '' }, port: otherwise }];
}

function factsOf({ msg, values }: Context): RouteFacts {
  const { contentType, channelType, channelId, vars } = msg;
  return {
    text: values.text ?? '',
    choiceId: textIn(msg.choice, 'id'),
    contentType: textIn({ contentType }, 'contentType'),
    channelType: textIn({ channelType }, 'channelType'),
    channelId: textIn({ channelId }, 'channelId'),
    senderType: textIn(msg.sender, 'type'),
    variables: isObject(vars) ? vars : undefined,
    now: Date.now(),
  };
}

function sourcesOf(context: Context, rules: readonly RouteRule[], vectors: GuessSettings['vectors']): RouteSources {
  const { client, values } = context;
  const { text = '', intentBy: by, model, provider } = values;
  return {
    conversation: () =>
      remembered(context, 'conversation', conversationIdOf(context), (id) => client.conversations.get(id)),
    contact: () => contactOf(context),
    expression: async (index) => Boolean(await context.expression(rules[index]?.value ?? '')),
    intent: (intents) => guessIntent(client, text, intents, { by, model, provider, vectors }),
    sentiment: async () => {
      const { sentiment, confidence = 1 } = await client.ai.analyzeSentiment(text, { provider });
      return { name: sentiment, confidence, by: 'server' };
    },
  };
}

async function contactOf(context: Context): Promise<KnownContact> {
  const { client, msg } = context;
  const id = textIn(msg, 'contactId') ?? textIn(msg.contact, 'id');
  const contact = await remembered(context, 'contact', id, (known) => client.contacts.get(known));
  const { tags, customFields, ...fields } = contact;
  return { tags, fields: { ...fields, ...customFields }, before: await lastBefore(context, contact.id) };
}

/** @returns the time of the contact's previous message, milliseconds of the clock; undefined if there is none */
async function lastBefore(context: Context, contactId: string): Promise<number | undefined> {
  const { client, msg } = context;
  const own = new Set<unknown>(Array.isArray(msg.merged) ? msg.merged : [msg.messageId]);
  const conversationId = conversationIdOf(context);
  for await (const message of client.conversations.eachMessage(conversationId, { limit: MAX_EARLIER })) {
    if (own.has(message.id) || message.direction !== 'inbound') continue;
    return Date.parse(message.createdAt ?? '') || undefined;
  }
  const { items } = await client.conversations.list({ contactId, limit: MAX_EARLIER });
  const times = items
    .filter(({ id }) => id !== conversationId)
    .map(({ lastMessageAt = '' }) => Date.parse(lastMessageAt))
    .filter(Number.isFinite);
  return times.length > 0 ? Math.max(...times) : undefined;
}

/** Cache a lookup, as a contact often sends several messages in quick succession. */
async function remembered<T>(
  { shared }: Context,
  kind: string,
  id: string | undefined,
  look: (id: string) => Promise<T>,
): Promise<T> {
  if (id === undefined) {
    const hint = `Give msg.${kind}Id, as messages of Linktor triggers have it.`;
    throw invalid(`A rule needs the ${kind}, and the message names none.`, hint);
  }
  const known = (shared.get(`router:${kind}`) as Map<string, Known<T>> | undefined) ?? new Map<string, Known<T>>();
  shared.set(`router:${kind}`, known);
  const found = known.get(id);
  if (found && Date.now() - found.at < KNOWN_MS) return found.value;
  const value = look(id);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(id, { at: Date.now(), value });
  value.catch(() => known.delete(id));
  return value;
}

interface Known<T> {
  at: number;
  value: Promise<T>;
}

/** cached conversations, and cached contacts, of one account */
const MAX_KNOWN = 1000;

function conversationIdOf({ msg }: Context): string {
  const id = textIn(msg, 'conversationId');
  if (id !== undefined) return id;
  const hint = 'Give msg.conversationId, as messages of Linktor triggers have it.';
  throw invalid('A rule needs the conversation, and the message names none.', hint);
}

function textIn(held: unknown, name: string): string | undefined {
  const value = isObject(held) ? (held as Msg)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
