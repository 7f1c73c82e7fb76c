// What is done to a text of a stranger, and texts of 100 KB that a program of quadratic or worse time stumbles over.
import { compileSchema } from '../../lib/ai/json-schema';
import { historyOf, instructionsOf, knowledgeIn, questionOf } from '../../lib/ai/prompt';
import { OptOuts } from '../../lib/charge';
import { optOutWordsOf } from '../../lib/charge/opt-out-words';
import { parseJson, safeFileName } from '../../lib/contract/json';
import { message } from '../../lib/contract/server/message';
import { type AnswerKind, judge } from '../../lib/dialogue/answer';
import { LinktorError } from '../../lib/errors';
import { messageFilter } from '../../lib/messages/filter';
import { split, truncate } from '../../lib/messages/split';
import { chatOf, transcriptOf } from '../../lib/messages/transcript';
import type { Message } from '../../lib/model';
import { contactTest } from '../../lib/routing/read-rules';
import { FreeRules, type RouteRule } from '../../lib/routing/rules';
import {
  anyOf,
  cleanId,
  cleanKey,
  globs,
  MARKUPS,
  Patterns,
  readList,
  readTime,
  renderMarkup,
  textRule,
} from '../../lib/text';

const BYTES = 100_000;
export const fill = (piece: string) => piece.repeat(Math.ceil(BYTES / Buffer.byteLength(piece)));

/** Texts that a program of quadratic or worse time stumbles over, of 100 KB each. */
export const texts: Record<string, string> = {
  'a word': `${fill('a')}!`,
  words: fill('hello '),
  blanks: `a${fill(' ')}a`,
  'signs at the end of no sentence': `${fill('!')}a`,
  'signs of equality': `${fill('=')}a`,
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
  'a command of emoji': `/${fill('👍')}a`,
  'a bracket and commas': `[${fill(',')}`,
  'quotes around quotes': `'${fill('“”')}`,
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

const PATTERNS = ['^(\\w+\\s?)+$', '(a|aa)+!$', '(.*)(.*)(.*)zz', '(?:[a-z0-9._%+-]+)@(?:[a-z0-9-]+\\.)+[a-z]{2,}'];
const [pattern = ''] = PATTERNS;

function said(text: string): Message {
  return { id: 'm', conversationId: 'c', contentType: 'text', direction: 'inbound', text };
}

/** @returns everything that reads a text of a stranger, by name */
export function readersOfStrangers(): Record<string, (text: string) => unknown> {
  const router = new FreeRules([
    ...PATTERNS.map((one) => rule('regex', one)),
    ...[rule('keywords', 'hello & *x*, -refund, a b c, 漢'), rule('command', 'help')],
    ...['startsWith', 'contains', 'equals'].map((kind) => rule(kind, 'zz')),
  ]);
  const byHand = {
    ...{ senders: [], channelTypes: [], content: [], conversationStatus: 'any', ignoreOwn: true },
    ...{ textRule: 'regex', textValue: pattern, allow: ['+55 21 8765-4321', 'x@example.com'] },
  } as const;
  const filter = messageFilter(byHand, { contents: [] });
  const choices = Array.from({ length: 10 }, (_, index) => ({ id: `c${index}`, title: `Título ${index}` }));
  const compiled = new Patterns([pattern]);
  const hasField = contactTest('contactField', 'city = São Paulo');
  const hasTag = contactTest('contactTag', 'vip, urgent');
  const compiling = compileSchema({
    type: 'object',
    properties: { text: { type: 'string', pattern: '^(a+)+$' }, list: { type: 'array', uniqueItems: true } },
    additionalProperties: { type: 'string', maxLength: 5 },
    propertyNames: { pattern: '^(\\w+)+$' },
  });
  const read = async (answer: string) => (await compiling).read(answer);
  const optOuts = new OptOuts({
    ...{ isOn: true, outWords: [], inWords: [], language: () => 'pt-BR' },
    ledger: () => {
      throw new Error('nothing is kept here');
    },
  });
  return {
    router: (text) => {
      const matches = router.matcher({ text, now: 0 });
      for (let index = 0; index < 9; index++) matches(index);
    },
    ...Object.fromEntries(
      ['startsWith', 'contains', 'equals', 'command', 'regex'].map((kind) => {
        const one = textRule(kind, kind === 'regex' ? pattern : 'zz');
        return [`the rule ${kind}`, (text: string) => one?.test(text)];
      }),
    ),
    'message in': (text) =>
      filter.reasonAgainst(said(text), {
        id: 'c',
        contactId: text,
        contact: { id: text, name: text, phone: text, email: text },
      } as never),
    'opt-out words': (text) => optOuts.wishOf(text, 'sms'),
    'an address that opted out': (text) => optOuts.has({ contactId: text, conversationId: text, address: text }),
    'words alone': anyOf(optOutWordsOf('pt-BR')),
    'a pattern of names': globs(['*a*b*c*d*e*f*g*x']),
    'captures of a pattern': (text) => compiled.captures(0, text),
    'a field of a contact': (text) => hasField({ fields: { city: text } }, 0),
    'a tag of a contact': (text) => hasTag({ fields: {}, tags: [text, text.slice(1)] }, 0),
    ...Object.fromEntries(
      kinds.flatMap((kind) =>
        (['en-US', 'ja'] as const).map((language) => [
          `an answer of the kind ${kind}, ${language}`,
          (text: string) => judge([said(text)], { kind, choices, pattern: compiled, language, country: 'BR' }),
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
    'the parts of a long text': (text) => split(text, 4096),
    'the parts of a text for SMS': (text) => split(text, 160),
    'the beginning of a text': (text) => truncate(text, 60),
    'a transcript': (text) => transcriptOf([said(text)], 'markdown', { contact: { name: text } as never }),
    'a prompt': (text) => {
      const found = knowledgeIn({ query: text, chunks: [text, { content: text, title: text }] }, text);
      const question = questionOf(undefined, found, text);
      return [chatOf([said(text)]), historyOf([said(text)], question), instructionsOf(text, found, text)];
    },
    ...Object.fromEntries(
      MARKUPS.flatMap((markup) =>
        (['whatsapp', 'telegram', 'plain'] as const).map((style) => [
          `${markup} for ${style}`,
          (text: string) => renderMarkup(text, markup, style),
        ]),
      ),
    ),
    'an answer with a schema': read,
    'an answer with a schema, as a value': (text) => read(JSON.stringify({ text })),
    'an answer with a schema, as a name': (text) => read(JSON.stringify({ [text]: 1 })),
    'an answer with a schema, as a list': (text) => read(JSON.stringify({ list: [...text.slice(0, 20_000)] })),
  };
}

/** @returns milliseconds of the processor: others may use the machine as well */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * @param clock gives milliseconds
 * @param enough milliseconds after which no further run is needed
 * @returns milliseconds of the fastest of some runs
 */
export async function least(runs: number, act: () => unknown, clock = processorMs, enough = 30): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs && best > enough; run++) {
    const before = clock();
    try {
      await act();
    } catch (error) {
      if (!(error instanceof LinktorError) && !(error instanceof SyntaxError)) throw error;
    }
    best = Math.min(best, clock() - before);
  }
  return best;
}
