import { strict as assert } from 'node:assert';
import { compileSchema } from '../../../lib/ai/json-schema';
import { optOutWordsOf } from '../../../lib/charge/opt-out-words';
import { parseJson, safeFileName } from '../../../lib/contract/json';
import { message } from '../../../lib/contract/server/message';
import { type AnswerKind, judge } from '../../../lib/dialogue/answer';
import { LinktorError } from '../../../lib/errors';
import { messageFilter } from '../../../lib/messages/filter';
import type { Message } from '../../../lib/model';
import { FreeRules, type RouteRule } from '../../../lib/routing/rules';
import {
  anyOf,
  cleanId,
  cleanKey,
  globs,
  Patterns,
  readList,
  readTime,
  renderMarkup,
  textRule,
} from '../../../lib/text';

const BYTES = 100_000;
const fill = (piece: string) => piece.repeat(Math.ceil(BYTES / Buffer.byteLength(piece)));

/** Texts that a program of quadratic or worse time stumbles over, of 100 KB each. */
const texts: Record<string, string> = {
  'a word': `${fill('a')}!`,
  words: fill('hello '),
  blanks: `a${fill(' ')}a`,
  'blanks of all kinds': fill('\t \u3000'),
  lines: fill('\r\n'),
  digits: fill('1'),
  'digits of another script': fill('١'),
  'full-width digits': fill('１'),
  'numbers with points': fill('1.'),
  'numbers with commas': fill(',1'),
  times: fill('12:'),
  days: fill('next monday '),
  'a long command': `/${fill('a@')}`,
  'an endless address': `a@${fill('a.')}`,
  brackets: fill('['),
  objects: fill('{"a":'),
  quotes: fill('"\\'),
  'escapes and long digits': `["${fill('\\')}",9007199254740993]`,
  'long digits': `[${fill('9007199254740993,')}1]`,
  fences: fill('```'),
  'invisible characters': fill('a\u200b'),
  'marks on one letter': `e${fill('\u0301\u0316')}`,
  'half-width marks': `カ${fill('\uff9e\u0301')}`,
  'letters with many marks': fill('e\u0301\u0302\u0316'),
  'letters with as many marks as are kept': fill(`e${'\u0301\u0316'.repeat(15)}`),
  'letters with one mark less': fill(`e${'\u0301\u0316'.repeat(14)}`),
  Zalgo: fill(
    'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032fA\u0334\u0335',
  ),
  'signs that fall apart': fill('\u{1d160}'),
  fractions: fill('½'),
  families: fill('👨\u200d👩\u200d👧'),
  'characters that stand for whole sentences': fill('\ufdfa'),
  'letters that grow': fill('İß'),
  'Hangul in pieces': fill('\u1112\u1161\u11ab'),
  emoji: fill('👍🏽'),
  'halves of characters': fill('\ud800'),
  Chinese: fill('漢字'),
};

const kinds: AnswerKind[] = ['text', 'choice', 'yesNo', 'number', 'date', 'time', 'email', 'phone', 'regex'];

function rule(kind: string, value: string): RouteRule {
  return { rule: kind as RouteRule['rule'], value, name: 'x' };
}

describe('100 KB of a stranger', () => {
  const patterns = ['^(\\w+\\s?)+$', '(a|aa)+!$', '(.*)(.*)(.*)zz', '(?:[a-z0-9._%+-]+)@(?:[a-z0-9-]+\\.)+[a-z]{2,}'];
  const router = new FreeRules([
    ...patterns.map((one) => rule('regex', one)),
    ...[rule('keywords', 'hello & *x*, -refund, a b c, 漢'), rule('command', 'help')],
    ...['startsWith', 'contains', 'equals'].map((kind) => rule(kind, 'zz')),
  ]);
  const filter = messageFilter(
    {
      ...{ senders: [], channelTypes: [], content: [], conversationStatus: 'any', ignoreOwn: true },
      ...{ textRule: 'regex', textValue: '^(\\w+\\s?)+$', allow: ['+55 21 8765-4321', 'x@example.com'] },
    },
    { contents: [] },
  );
  const choices = Array.from({ length: 10 }, (_, index) => ({ id: `c${index}`, title: `Título ${index}` }));
  const pattern = new Patterns(['^(\\w+\\s?)+$']);
  const isStop = anyOf(optOutWordsOf('pt-BR'));
  const fits = globs(['*a*b*c*d*e*f*g*x']);
  const said = (text: string): Message => ({
    id: 'm',
    conversationId: 'c',
    contentType: 'text',
    direction: 'inbound',
    text,
  });

  const checks: Record<string, (text: string) => unknown> = {
    router: (text) => {
      const matches = router.matcher({ text, now: 0 });
      for (let index = 0; index < 9; index++) matches(index);
    },
    ...Object.fromEntries(
      ['startsWith', 'contains', 'equals', 'command', 'regex'].map((kind) => {
        const compiled = textRule(kind, kind === 'regex' ? '^(\\w+\\s?)+$' : 'zz');
        return [`the rule ${kind}`, (text: string) => compiled?.test(text)];
      }),
    ),
    'message in': (text) =>
      filter.reasonAgainst(said(text), {
        id: 'c',
        contactId: text,
        contact: { id: text, name: text, phone: text, email: text },
      } as never),
    'opt-out words': isStop,
    'a pattern of names': fits,
    'captures of a pattern': (text) => pattern.captures(0, text),
    ...Object.fromEntries(
      kinds.flatMap((kind) =>
        (['en-US', 'ja'] as const).map((language) => [
          `an answer of the kind ${kind}, ${language}`,
          (text: string) => judge([said(text)], { kind, choices, pattern, language, country: 'BR' }),
        ]),
      ),
    ),
    'an id': cleanId,
    'a key': cleanKey,
    'a list': (text) => readList(text, 'list'),
    'a time': (text) => readTime(text, 'time'),
    'a file name': safeFileName,
    JSON: parseJson,
    'a message of the self-hosted server': (text) =>
      message({ id: 'm', content: text, content_type: 'location', metadata: { interactive: text, filename: text } }),
  };

  for (const [name, check] of Object.entries(checks)) {
    it(`holds nothing up: ${name}`, async function () {
      this.timeout(60_000);
      for (const [what, text] of Object.entries(texts)) {
        const took = await least(3, () => check(text));
        assert.ok(took < 100, `${what}: ${took} ms`);
      }
    });
  }

  for (const [what, text] of Object.entries({
    'blanks in Markdown': texts.blanks ?? '',
    'emphasis without an end': fill('*a'),
    'escapes of quotes': texts.quotes ?? '',
    'brackets in Markdown': fill('![a]('),
    'an element without an end': `<${fill('a')}`,
  })) {
    it(`holds nothing up: ${what}, and it is written all the same`, async () => {
      for (const markup of ['markdown', 'html'] as const) {
        let written = '';
        const took = await least(3, async () => {
          written = await renderMarkup(text, markup, 'whatsapp');
        });
        assert.ok(took < 200, `${markup}: ${took} ms`);
        assert.notEqual(written, '');
      }
    });
  }

  it('holds nothing up: the check of an answer against a schema', async function () {
    this.timeout(60_000);
    const schema = await compileSchema({
      type: 'object',
      properties: { text: { type: 'string', pattern: '^(a+)+$' }, list: { type: 'array', uniqueItems: true } },
      additionalProperties: { type: 'string', maxLength: 5 },
      propertyNames: { pattern: '^(\\w+)+$' },
    });
    for (const [what, text] of Object.entries(texts)) {
      for (const answer of [text, JSON.stringify({ text }), JSON.stringify({ [text]: 1 })]) {
        const took = await least(3, () => schema.read(answer));
        assert.ok(took < 100, `${what}: ${took} ms`);
      }
    }
  });

  it('holds nothing up: a schema whose alternatives lead to itself', async () => {
    const schema = await compileSchema({
      properties: {
        next: { anyOf: [{ $ref: '#' }, { allOf: [{ $ref: '#' }], required: ['x'] }] },
        value: { type: 'string' },
      },
    });
    const deep = (levels: number): object => (levels === 0 ? { value: 1 } : { next: deep(levels - 1) });
    assert.deepEqual(schema.read('{"next":{"value":"x"}}'), { next: { value: 'x' } });
    const took = await least(1, () => schema.read(JSON.stringify(deep(100))));
    assert.ok(took < 200, `${took} ms`);
    assert.throws(() => schema.read(JSON.stringify(deep(100))), /could not be checked/);
  });
});

/** @returns milliseconds of work of the fastest of some runs: others may use the machine as well */
async function least(runs: number, act: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs && best > 30; run++) {
    const before = process.cpuUsage();
    try {
      await act();
    } catch (error) {
      if (!(error instanceof LinktorError) && !(error instanceof SyntaxError)) throw error;
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}
