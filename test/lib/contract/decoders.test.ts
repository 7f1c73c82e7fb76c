import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { api } from '../../../lib/contract/api/index';
import * as plainEntities from '../../../lib/contract/entities';
import { type Decode, toServerError } from '../../../lib/contract/envelope';
import { parseJson } from '../../../lib/contract/json';
import { message } from '../../../lib/contract/message';
import { decodeList } from '../../../lib/contract/paging';
import { completionStep } from '../../../lib/contract/stream';
import { LinktorError } from '../../../lib/errors';
import { ours } from '../support';

const entities = { ...plainEntities, message };

/** Everything that understands a body; those that are told what was asked get it first. */
const asked: Record<string, Decode<unknown>[]> = {
  queryResult: [entities.queryResult('q')],
  embeddings: [entities.embeddings('one'), entities.embeddings(['one', 'two']), entities.embeddings([])],
};
const decoders = Object.entries(entities).flatMap(([name, decode]): [string, Decode<unknown>][] =>
  (asked[name] ?? [decode as Decode<unknown>]).map((one) => [name, one]),
);
const named = (name: string) => decoders.filter(([known]) => known === name).map(([, decode]) => decode);
const withId = new Set(
  (
    'message contact conversation channel knowledgeBase document bot flow execution agent webhook tenant user ' +
    'session agentAnswer rendering visualTemplates queryResult completion embeddings facts report counts uploadedFile'
  ).split(' '),
);

const words = (
  'id data success meta attributes content contentType type text media url location latitude longitude contact phones ' +
  'emails name interactive buttons listSections template identifiers avatar lastMessage channel assignee priority ' +
  'chunks results score metadata document message choices usage toolCalls pagination cursor total limit offset page ' +
  'hasMore nextCursor toString valueOf __proto__ constructor user senderType direction accessToken token refreshToken ' +
  'expiresIn tenant embedding embeddings index model response conversationId image_base64 image_url message_id width ' +
  'height format templates delta finishReason status error code details retryAfter retry_after requestId hasNext pages'
).split(' ');
const leaf = fc.constantFrom<unknown>(
  'x',
  '',
  7,
  0,
  null,
  true,
  false,
  'medium',
  '1.5',
  -1,
  1e308,
  '\u2028',
  'AAAA',
  'https://x.example/a',
);
const { value: likely } = fc.letrec<{ value: unknown; fields: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    tie('fields'),
    tie('fields').map((one) => ({ ...one, id: 'x' })),
    tie('fields').map((data) => ({ success: true, data })),
    tie('fields').map((attributes) => ({ id: 'x', type: 'thing', attributes })),
    fc.array(tie('value'), { maxLength: 3 }).map((data) => ({ data, pagination: {} })),
  ),
  fields: fc
    .array(fc.tuple(fc.constantFrom(...words), tie('value')), { maxLength: 6 })
    .map((entries) => Object.fromEntries(entries)),
}));
/** Anything that JSON can say, most of it close to what a server says. */
const json = fc.oneof(
  { weight: 4, arbitrary: likely },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown> },
);

/** @returns what came of it, or undefined where it was refused as it should be */
function survives<T>(what: string, decode: Decode<T>, body: unknown): T | undefined {
  const before = JSON.stringify(body);
  try {
    return decode(body);
  } catch (error) {
    assert.ok(error instanceof LinktorError, `${what} of ${before}: ${String(error)}`);
    // A failure that the answer itself states has a code of its own.
    const isStated = /"(?:error":|success":false)/.test(before);
    assert.ok(ours(error).code === 'serialization' || isStated, `${what} of ${before}`);
    return undefined;
  } finally {
    assert.equal(JSON.stringify(body), before, `${what} changed what it was given`);
  }
}

const isText = (value: unknown) => value === undefined || typeof value === 'string';
const isFigure = (value: unknown) => value === undefined || Number.isFinite(value);
const optional = (held: object, keys: string, fits: (value: unknown) => boolean) => {
  for (const key of keys.split(' ')) assert.ok(fits((held as Record<string, unknown>)[key]), `${key} does not fit`);
};

/** What readers of the model rely on, whatever the server said. */
const promises: Record<string, (of: never) => void> = {
  contact: (of: ReturnType<typeof entities.contact>) => {
    assert.ok(of.identifiers.every((one) => typeof one === 'object' && one !== null));
    assert.equal(typeof of.id, 'string');
  },
  conversation: (of: ReturnType<typeof entities.conversation>) => {
    assert.equal(typeof of.id, 'string');
    if (of.lastMessage) assert.equal(typeof of.lastMessage.id, 'string');
    if (of.contact) assert.ok(Array.isArray(of.contact.identifiers));
  },
  counts: (of: ReturnType<typeof entities.counts>) => assert.ok(Object.values(of).every(Number.isFinite)),
  session: (of: ReturnType<typeof entities.session>) => {
    assert.ok(typeof of.accessToken === 'string' && of.accessToken !== '');
    optional(of, 'refreshToken', isText);
    optional(of, 'expiresIn', isFigure);
  },
  embeddings: (of: ReturnType<typeof entities.embeddings> extends Decode<infer T> ? T : never) => {
    assert.ok(of.vectors.every((vector) => vector.every(Number.isFinite)));
    if (of.vectors[0]) assert.equal(of.vectors[0].length, of.dimension);
  },
  agentAnswer: (of: ReturnType<typeof entities.agentAnswer>) => {
    assert.equal(typeof of.text, 'string');
    optional(of, 'conversationId', isText);
  },
  completion: (of: ReturnType<typeof entities.completion>) => {
    assert.equal(typeof of.text, 'string');
    assert.equal(typeof of.message.role, 'string');
    optional(of, 'id model finishReason', isText);
    if (of.usage) optional(of.usage, 'promptTokens completionTokens totalTokens', isFigure);
  },
  queryResult: (of: { query: string; chunks: { content: unknown; score: unknown }[] }) => {
    assert.equal(typeof of.query, 'string');
    for (const { content, score } of of.chunks) assert.ok(typeof content === 'string' && Number.isFinite(score));
  },
  rendering: (of: ReturnType<typeof entities.rendering>) => {
    assert.ok(of.image === undefined || Buffer.isBuffer(of.image));
    optional(of, 'imageUrl messageId caption format', isText);
    optional(of, 'width height', isFigure);
  },
  visualTemplates: (of: ReturnType<typeof entities.visualTemplates>) =>
    assert.ok(of.every(({ id }) => typeof id === 'string')),
  uploadedFile: (of: ReturnType<typeof entities.uploadedFile>) => {
    assert.match(of.url, /^https?:/i);
    optional(of, 'expiresAt', isText);
  },
};

describe('contract: whatever a server may say', () => {
  it('is tried on every decoder there is', () => {
    assert.deepEqual([...new Set(decoders.map(([name]) => name))].sort(), [...withId].sort());
  });

  for (const name of Object.keys(entities)) {
    it(`${name} is understood, or refused with an error of ours`, () => {
      const [first = assert.fail()] = named(name);
      fc.assert(
        fc.property(json, (body) => {
          // Only objects come to the decoder of a part.
          if (name === 'usage' && (typeof body !== 'object' || body === null)) return;
          for (const decode of named(name)) {
            const result = survives(name, decode, body);
            if (result === undefined) continue;
            assert.ok(typeof result === 'object' && result !== null);
            promises[name]?.(result as never);
          }
        }),
        { numRuns: 400 },
      );
      for (const nothing of [undefined, null, 0, '', 'x', true, []]) {
        if (name !== 'usage') assert.equal(survives(name, first, nothing), undefined);
      }
    });
  }

  it('is a page, or refused: never an empty list made of something else', () => {
    fc.assert(
      fc.property(json, (body) => {
        const page = survives('list', decodeList(entities.channel, 'channels'), body);
        if (!page) return;
        assert.ok(page.items.every(({ id }) => typeof id === 'string'));
        assert.equal(typeof page.hasNext, 'boolean');
        optional(page, 'total page pageSize', isFigure);
        optional(page, 'nextCursor', isText);
        const rows = (of: unknown): unknown =>
          Array.isArray(of) ? of : rows((of as { data: unknown } | undefined)?.data);
        assert.equal(page.items.length, (rows(body) as unknown[]).length);
      }),
      { numRuns: 1000 },
    );
  });

  it('is an error with a code, when it is a refusal', () => {
    const text = fc.oneof(
      json.map((one) => JSON.stringify(one) ?? ''),
      fc.string(),
    );
    const headers = fc.dictionary(
      fc.constantFrom('retry-after', 'x-request-id', 'content-type'),
      fc.oneof(fc.string(), fc.constantFrom('7', '-1', '1e9', 'Wed, 21 Oct 2026 07:28:00 GMT', 'text/html')),
    );
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 999 }), headers, text, (status, given, body) => {
        const error = ours(toServerError(status, given, body, Date.now()));
        assert.ok(error.message.length > 0);
        const { retryAfter, serverCode, requestId } = error.cause;
        assert.ok(retryAfter === undefined || (Number.isFinite(retryAfter) && retryAfter >= 0));
        optional({ serverCode, requestId }, 'serverCode requestId', isText);
      }),
      { numRuns: 1000 },
    );
  });

  it('is a piece of a stream, or nothing', () => {
    const line = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      json.map((one) => `data: ${JSON.stringify(one)}`),
      fc.string().map((one) => `data:${one}`),
      fc.constantFrom('', ':', 'data:', 'data: ', 'data: [DONE]', 'data: {"delta":{"content":"x"}}', 'event: x'),
    );
    fc.assert(
      fc.property(line, (given) => {
        const { piece, error } = completionStep({ data: given.replace(/^data:\s?/, '') });
        if (error) ours(error);
        if (!piece) return;
        assert.equal(typeof piece.delta, 'string');
        assert.ok(piece.delta !== '' || Object.keys(piece).length > 1);
        optional(piece, 'id finishReason', isText);
      }),
      { numRuns: 1000 },
    );
    const said = fc.string({ unit: 'binary', minLength: 1 });
    fc.assert(
      fc.property(said, (text) => {
        const written = JSON.stringify({ delta: { content: text } });
        assert.equal(
          completionStep({ data: written }).piece?.delta,
          (JSON.parse(written) as { delta: { content: string } }).delta.content,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('is nothing that every call of the contract would not survive', () => {
    // With any arguments: the decoders are what matters here.
    const calls = [api.auth, api.conversations, api.contacts, api.channels, api.bots, api.ai, api.agents]
      .concat([api.knowledgeBases, api.flows, api.analytics, api.vre, api.webhooks] as never[])
      .flatMap((part) => Object.entries(part as unknown as Record<string, (...given: unknown[]) => unknown>))
      .flatMap(([name, make]) => {
        const given = [{ id: 'x' }, 'x', ['x']].map((first) => {
          try {
            return make(first, {}) as { decode?: Decode<unknown> };
          } catch {
            return undefined;
          }
        });
        const decode = given.find((call) => call?.decode)?.decode;
        return decode ? [[name, decode] as const] : [];
      });
    assert.ok(calls.length > 80, `${calls.length} calls`);
    fc.assert(
      fc.property(json, (body) => {
        for (const [name, decode] of calls) survives(name, decode, body);
      }),
      { numRuns: 60 },
    );
  });

  it('is harmless with a prototype in it', () => {
    for (const text of [
      '{"id":"x","__proto__":{"admin":true},"contact":{"id":"y","__proto__":{"admin":true}}}',
      '{"id":"x","\\u005f_proto__":{"admin":true},"identifiers":{"__proto__":"z"}}',
      '{"id":"x","constructor":{"prototype":{"admin":true}},"content":{"__proto__":{"text":"evil"}}}',
    ]) {
      for (const [name, decode] of decoders) {
        const result = survives(name, decode, parseJson(text)) as { admin?: unknown; contact?: { admin?: unknown } };
        assert.equal(result?.admin, undefined, name);
        assert.equal(result?.contact?.admin, undefined, name);
      }
    }
    assert.equal(({} as { admin?: unknown }).admin, undefined);
  });
});
