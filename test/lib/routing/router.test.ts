import { strict as assert } from 'node:assert';
import { LinktorError } from '../../../lib/errors';
import { OpeningHours } from '../../../lib/routing/hours';
import { keywords, wordForm } from '../../../lib/routing/keywords';
import { type Guess, type Route, Router, type RouterSettings, type RouteSources } from '../../../lib/routing/router';
import type { RouteFacts, RouteRule } from '../../../lib/routing/rules';
import { fold } from '../../../lib/text';

const NOW = Date.parse('2026-11-30T10:00:00Z');
const DAY_MS = 86_400_000;

function rows(...given: [rule: RouteRule['rule'], value: string, name: string][]): RouteRule[] {
  return given.map(([rule, value, name]) => ({ rule, value, name }));
}

/** Answers to what a router asks, and how often it has asked. */
function sources(answers: Partial<{ [K in keyof RouteSources]: Awaited<ReturnType<RouteSources[K]>> }> = {}) {
  const asked: string[] = [];
  const answer = <K extends keyof RouteSources>(name: K) => {
    asked.push(name);
    const found = answers[name];
    if (found === undefined) throw new Error(`Nobody should ask for ${name}`);
    return found as never;
  };
  const made: RouteSources = {
    expression: () => answer('expression'),
    conversation: async () => answer('conversation'),
    contact: async () => answer('contact'),
    intent: async () => answer('intent'),
    sentiment: async () => answer('sentiment'),
  };
  return { made, asked };
}

async function route(
  rules: RouteRule[],
  facts: Partial<RouteFacts>,
  given = sources().made,
  settings: Partial<RouterSettings> = {},
): Promise<Route[]> {
  const router = new Router({ rules, match: 'first', threshold: 0.6, ...settings });
  return router.route({ text: '', now: NOW, ...facts }, given);
}

const names = (routes: Route[]) => routes.map(({ name }) => name);

describe('keywords', () => {
  for (const [value, text, expected] of [
    ['price', 'What is the PRICE?', true],
    ['price', 'prices', false],
    ['price*', 'prices', true],
    ['*port', 'I need a passport.', true],
    ['*ship*', 'membership2', true],
    ['opening hours', 'Your opening   hours?', true],
    ['opening hours', 'hours of opening', false],
    ['order & late', 'my order is late', true],
    ['order & late', 'my order is here', false],
    ['order & -late', 'my order is late', false],
    ['order & -late', 'my order is here', true],
    ['price, cost, -refund', 'the cost of it', true],
    ['price, cost, -refund', 'the cost of a refund', false],
    ['-refund', 'anything', true],
    ['preço', 'PREÇO por favor', true],
    ['preco', 'qual é o preço?', true],
    ['horário', 'horario de sábado', true],
    ['straße', 'in der STRASSE', true],
    ['öffnungszeiten', 'Öffnungszeiten?', true],
    ['où', 'ou est-ce', true],
    ['señal', 'sin senal', true],
    ['営業時間', '営業時間を教えてください', true],
    ['营业时间、价格', '请问价格是多少', true],
    ['ราคา', 'สินค้าราคาเท่าไหร่', true],
    ['ｐｒｉｃｅ', 'price', true],
    ['price', 'pri\u200bce', true],
    ['👍, yes', 'yes 👍', true],
  ] as const) {
    it(`${JSON.stringify(value)} and ${JSON.stringify(text)}: ${expected}`, () => {
      assert.equal(keywords(value)(wordForm(fold(text))), expected);
    });
  }

  it('are refused when nothing is left to look for', () => {
    for (const value of ['', ' , ', '*', '- & *']) assert.throws(() => keywords(value), LinktorError, value);
  });
});

describe('a router', () => {
  const message: Partial<RouteFacts> = {
    text: 'Where is my order A-1234?',
    contentType: 'text',
    channelType: 'whatsapp_official',
    channelId: 'ch_1',
    senderType: 'contact',
    choiceId: 'menu_2',
    variables: { step: 'confirm', cart: { items: 3 }, empty: '' },
  };
  const weekdays = new OpeningHours({ zone: 'UTC', week: [{ day: 'weekdays', from: '9:00', to: '18:00' }] });

  for (const [rule, yes, no] of [
    ['keywords', 'order', 'refund'],
    ['startsWith', 'WHERE IS', 'is'],
    ['contains', 'my order', 'your order'],
    ['equals', 'where is my order a-1234?', 'where is my order'],
    ['regex', '[a-z]-\\d{4}', '^\\d+$'],
    ['choice', 'menu_1, menu_2', 'menu_3'],
    ['contentType', 'image, text', 'image'],
    ['channelType', 'whatsapp', 'telegram'],
    ['channel', 'ch_1', 'ch_2'],
    ['sender', 'contact', 'agent'],
    ['variable', 'step = Confirm', 'step = start'],
    ['variable', 'step != start', 'step != confirm'],
    ['variable', 'cart.items = 3', 'cart.items.length'],
    ['variable', 'step', 'empty'],
    ['variable', 'missing != x', 'constructor'],
    ['open', '', undefined],
  ] as const) {
    it(`takes a message by ${rule} ${JSON.stringify(yes)}${no === undefined ? '' : `, not ${JSON.stringify(no)}`}`, async () => {
      const { made } = sources();
      assert.deepEqual(names(await route(rows([rule, yes, 'hit']), message, made, { hours: weekdays })), ['hit']);
      if (no === undefined) return;
      assert.deepEqual(names(await route(rows([rule, no, 'hit']), message, made, { hours: weekdays })), []);
    });
  }

  it('takes no rule for what a message does not say', async () => {
    const all = rows(
      ['choice', 'x', 'choice'],
      ['contentType', 'text', 'type'],
      ['channel', 'x', 'channel'],
      ['variable', 'step', 'variable'],
    );
    assert.deepEqual(await route(all, {}), []);
  });

  it('is closed outside of the hours', async () => {
    const rules = rows(['closed', '', 'night'], ['otherwise', '', 'day']);
    const at = (time: string) => route(rules, { now: Date.parse(time) }, undefined, { hours: weekdays });
    assert.deepEqual(names(await at('2026-11-30T20:00:00Z')), ['night']);
    assert.deepEqual(names(await at('2026-11-30T10:00:00Z')), ['day']);
    assert.equal((await at('2026-11-30T20:00:00Z'))[0]?.until, '2026-12-01T09:00:00.000Z');
  });

  it('hands on what a pattern and a command have taken out', async () => {
    const [order] = await route(rows(['regex', '(?<letter>[a-z])-(\\d{4})', 'order']), message);
    assert.deepEqual(order?.captures, { 0: 'A-1234', 1: 'A', 2: '1234', letter: 'A' });
    const [command] = await route(rows(['command', '/track', 'track']), { text: '/track@shop_bot A-1234 now' });
    assert.deepEqual(command?.args, ['A-1234', 'now']);
  });

  it('takes the first rule of the table, or every one that holds', async () => {
    const rules = rows(['contains', 'order', 'a'], ['keywords', 'where', 'b'], ['otherwise', '', 'c']);
    assert.deepEqual(names(await route(rules, message)), ['a']);
    assert.deepEqual(names(await route(rules, message, undefined, { match: 'all' })), ['a', 'b']);
    assert.deepEqual(names(await route(rules, { text: 'hello' }, undefined, { match: 'all' })), ['c']);
  });

  it('says who has decided', async () => {
    const [found] = await route(rows(['keywords', 'order', 'orders']), message);
    assert.deepEqual(found, { name: 'orders', index: 0, rule: 'keywords', by: 'text' });
    assert.deepEqual(await route(rows(['otherwise', '', 'rest']), message), [
      { name: 'rest', index: 0, rule: 'otherwise', by: 'none' },
    ]);
  });

  const intents = rows(
    ['intent', 'where is my parcel, track', 'delivery'],
    ['intent', 'money back', 'refund'],
    ['intent', 'talk to a person', 'person'],
  );

  it('asks for the intent once, whatever the number of rules', async () => {
    const guess: Guess = { name: 'Person', confidence: 0.9, by: 'server' };
    const { made, asked } = sources({ intent: guess });
    const [found] = await route(intents, message, made);
    assert.deepEqual(found, { name: 'person', index: 2, rule: 'intent', by: 'server', confidence: 0.9 });
    assert.deepEqual(asked, ['intent']);
  });

  it('asks nothing when a free rule before it holds, and asks when it stands before the free rule', async () => {
    const free = rows(['keywords', 'order', 'free']);
    assert.deepEqual(names(await route([...free, ...intents], message)), ['free']);
    const { made, asked } = sources({ intent: { name: 'refund', confidence: 0.8, by: 'model' } });
    assert.deepEqual(names(await route([...intents, ...free], message, made)), ['refund']);
    assert.deepEqual(asked, ['intent']);
  });

  it('is unsure below the threshold, unless another rule holds', async () => {
    const { made } = sources({ intent: { name: 'refund', confidence: 0.4, by: 'model' } });
    assert.deepEqual(await route([...intents, ...rows(['otherwise', '', 'rest'])], message, made), [
      { name: 'unsure', index: -1, rule: 'unsure', by: 'model', confidence: 0.4 },
    ]);
    assert.deepEqual(names(await route([...intents, ...rows(['contains', 'order', 'free'])], message, made)), ['free']);
  });

  it('takes no intent that nobody has asked for', async () => {
    const { made } = sources({ intent: { name: '__proto__', confidence: 1, by: 'model' } });
    assert.deepEqual(await route(intents, message, made), []);
  });

  it('asks for the conversation once', async () => {
    const { made, asked } = sources({ conversation: { status: 'open', priority: 'high', assignedTo: 'user_7' } });
    const rules = rows(
      ['status', 'resolved', 'no'],
      ['status', 'Open, pending', 'status'],
      ['priority', 'high, urgent', 'priority'],
      ['assigned', '', 'anybody'],
      ['assigned', 'user_8', 'other'],
      ['assigned', 'user_7', 'mine'],
    );
    const found = names(await route(rules, message, made, { match: 'all' }));
    assert.deepEqual(found, ['status', 'priority', 'anybody', 'mine']);
    assert.deepEqual(asked, ['conversation']);
    const bare = sources({ conversation: {} });
    assert.deepEqual(await route(rules, message, bare.made, { match: 'all' }), []);
  });

  it('asks for the contact once', async () => {
    const contact = { tags: ['VIP'], fields: { city: 'São Paulo' }, before: NOW - 40 * DAY_MS };
    const { made, asked } = sources({ contact });
    const rules = rows(
      ['firstMessage', '', 'first'],
      ['backAfter', '30', 'back'],
      ['contactTag', 'gold, vip', 'tag'],
      ['contactField', 'city = são paulo', 'field'],
    );
    assert.deepEqual(names(await route(rules, message, made, { match: 'all' })), ['back', 'tag', 'field']);
    assert.deepEqual(asked, ['contact']);
    const stranger = sources({ contact: { fields: {} } });
    assert.deepEqual(names(await route(rules, message, stranger.made)), ['first']);
  });

  it('asks for the sentiment once, and for an expression at each of its rules', async () => {
    const { made, asked } = sources({
      sentiment: { name: 'negative', confidence: 0.9, by: 'server' },
      expression: false,
    });
    const rules = rows(
      ['jsonata', 'a', 'one'],
      ['jsonata', 'b', 'two'],
      ['sentiment', 'positive', 'happy'],
      ['sentiment', 'negative', 'angry'],
    );
    assert.deepEqual(names(await route(rules, message, made)), ['angry']);
    assert.deepEqual(asked, ['expression', 'expression', 'sentiment']);
  });

  it('tells when what it has to ask fails', async () => {
    const failing: RouteSources = {
      ...sources().made,
      intent: () => Promise.reject(new LinktorError('server', 'The server failed.')),
    };
    await assert.rejects(route(intents, message, failing), /The server failed/);
  });

  for (const [rule, value, text] of [
    ['keywords', '', /Rule 1: it has no value/],
    ['regex', '(a', /not a regular expression/],
    ['regex', '(?=a)b', /linear time/],
    ['backAfter', 'soon', /Rule 1: "soon" is not a number of days/],
    ['contactTag', ' , ', /Rule 1: it names no tag/],
    ['contactField', '= x', /Rule 1: .*does not name a value/],
    ['variable', 'a b', /Rule 1: .*does not name a value/],
    ['open', '', /Rule 1: it needs opening hours/],
  ] as const) {
    it(`refuses the rule ${rule} ${JSON.stringify(value)} and names it`, () => {
      assert.throws(
        () => new Router({ rules: rows([rule, value, 'x']), match: 'first', threshold: 0.6 }),
        (error) => error instanceof LinktorError && error.code === 'validation' && text.test(error.message),
      );
    });
  }
});
