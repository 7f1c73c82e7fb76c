import { strict as assert } from 'node:assert';
import { alone, type FlowSetup, setUpFlows } from '../support/flows';
import { failsWell } from './failures';

type Found = Record<string, unknown>;
const base = 'kb_shop';
const documentId = 'doc_opening_hours';
const [channelId, botId, flowId] = ['ch_webchat', 'bot_demo', 'flow_demo'];
const asText = (name: string, value: string) => ({ [name]: value, [`${name}Type`]: 'str' });

async function result(set: FlowSetup, type: string, node: Found, msg: Found): Promise<Found> {
  const { payload, error } = await alone(set, type)(node, msg);
  assert.equal(error, undefined, error?.message);
  return payload as Found;
}

describe('channels, bots, flows and bases: copies, checks and what else there is', () => {
  const set = setUpFlows({ contract: 'api' });

  it('a channel tells where its provider delivers', async () => {
    const { url, verifyToken } = await result(set, 'linktor-channel', { operation: 'webhook' }, { channelId });
    assert.match(String(url), /ch_webchat/);
    assert.ok(verifyToken);
  });

  it('a channel gets a new token, once that is confirmed', async () => {
    const renew = { operation: 'renewWebhook' };
    const refused = await alone(set, 'linktor-channel')(renew, { channelId });
    assert.equal(refused.error?.code, 'validation');
    assert.equal((await set.state()).requests.length, 0);
  });

  it('a channel gets a token that is another one', async () => {
    const played = await set.play([
      { id: 'look', type: 'linktor-channel', config: 'account', operation: 'webhook', wires: [['out']] },
      {
        id: 'new',
        type: 'linktor-channel',
        config: 'account',
        operation: 'renewWebhook',
        confirm: true,
        wires: [['out']],
      },
      { id: 'out', type: 'probe' },
    ]);
    played.node('look').receive({ channelId });
    await played.probe('out').take(1);
    played.node('new').receive({ channelId });
    const [before, after] = (await played.probe('out').take(2)).map(({ payload }) => (payload as Found).verifyToken);
    assert.ok(before && after && before !== after);
  });

  for (const [type, id] of [
    ['linktor-bot', { botId }],
    ['linktor-flow', { flowId }],
  ] as const) {
    it(`${type} makes a copy, with a name of its own or without`, async () => {
      const named = await result(set, type, { operation: 'duplicate', ...asText('title', 'Night') }, id);
      assert.deepEqual([named.name, named.status], ['Night', 'draft']);
      assert.ok(!Object.values(id).includes(named.id as never));
    });

    it(`${type} names the copy itself where nobody does`, async () => {
      assert.ok((await result(set, type, { operation: 'duplicate' }, id)).name);
    });
  }

  it('a flow is checked', async () => {
    const { valid, errors, warnings } = await result(set, 'linktor-flow', { operation: 'validate' }, { flowId });
    assert.equal(valid, true);
    assert.deepEqual([errors, Array.isArray(warnings)], [[], true]);
  });

  it('a flow goes out and comes in again, by wiring alone', async () => {
    const played = await set.play([
      { id: 'out', type: 'linktor-flow', config: 'account', operation: 'export', wires: [['in']] },
      { id: 'in', type: 'linktor-flow', config: 'account', operation: 'import', wires: [['end']] },
      { id: 'end', type: 'probe' },
    ]);
    played.node('out').receive({ flowId });
    const { id, name, nodes } = (await played.probe('end').first()).payload as Found & { nodes: unknown[] };
    assert.equal(name, 'Greeting');
    assert.notEqual(id, flowId);
    assert.ok(nodes.length > 0);
  });

  it('nothing is imported out of a text', async () => {
    const { error } = await alone(set, 'linktor-flow')({ operation: 'import' }, { payload: 'a flow' });
    assert.equal(error?.code, 'validation');
    assert.equal((await set.state()).requests.length, 0);
  });

  for (const period of ['', 'week']) {
    it(`a flow has figures of ${period || 'any period'}`, async () => {
      await result(set, 'linktor-flow', { operation: 'stats', period }, { flowId });
      const [{ query }] = (await set.state()).requests as unknown as [{ query: string }];
      assert.equal(query, period === '' ? '' : `?period=${period}`);
    });
  }

  it('a flow may have nodes of these kinds', async () => {
    const types = (await result(set, 'linktor-flow', { operation: 'nodeTypes' }, {})) as unknown as Found[];
    assert.ok(types.length > 3 && types.every(({ type }) => typeof type === 'string'));
  });

  it('a base and a document are processed anew', async () => {
    assert.equal((await result(set, 'linktor-knowledge', { operation: 'reprocess' }, { base })).id, base);
  });

  it('a document is processed anew', async () => {
    const found = await result(set, 'linktor-knowledge', { operation: 'reprocessDocument' }, { base, documentId });
    assert.equal(found.id, documentId);
  });

  it('a document says what it has been cut into', async () => {
    const node = { operation: 'chunks' };
    const chunks = (await result(set, 'linktor-knowledge', node, { base, documentId })) as unknown as Found[];
    assert.deepEqual(
      chunks.map(({ index }) => index),
      chunks.map((_, index) => index),
    );
    assert.match(chunks.map(({ content }) => content).join(' '), /Saturday/);
  });

  failsWell(set, 'linktor-flow', {
    duplicate: { msg: { flowId }, kind: 'write' },
    validate: { msg: { flowId }, kind: 'read' },
    export: { msg: { flowId }, kind: 'read' },
    import: { msg: { payload: { name: 'In' } }, kind: 'write' },
    stats: { msg: { flowId }, kind: 'read' },
    nodeTypes: { msg: {}, kind: 'read' },
  });
});

describe('channels, bots, flows and bases: what the self-hosted server lacks', () => {
  const set = setUpFlows({ contract: 'server' });

  for (const [type, operation, msg, node] of [
    ['linktor-channel', 'webhook', { channelId }, {}],
    ['linktor-channel', 'renewWebhook', { channelId }, { confirm: true }],
    ['linktor-bot', 'duplicate', { botId }, {}],
    ['linktor-flow', 'duplicate', { flowId }, {}],
    ['linktor-flow', 'validate', { flowId }, {}],
    ['linktor-flow', 'export', { flowId }, {}],
    ['linktor-flow', 'import', { payload: { name: 'In' } }, {}],
    ['linktor-flow', 'stats', { flowId }, {}],
    ['linktor-flow', 'nodeTypes', {}, {}],
    ['linktor-knowledge', 'reprocessDocument', { base, documentId }, {}],
    ['linktor-knowledge', 'chunks', { base, documentId }, {}],
  ] as const) {
    it(`${type} ${operation} says so, with another way`, async () => {
      const { error } = await alone(set, type)({ operation, ...node }, msg);
      assert.equal(error?.code, 'not_supported', error?.message);
      assert.match(String(error?.cause.hint), /^[A-Z].+\.$/);
    });
  }

  it('gives back the base that it processes anew', async () => {
    const played = await set.play([
      {
        id: 'list',
        type: 'linktor-knowledge',
        config: 'account',
        operation: 'list',
        paging: 'each',
        result: 'found',
        wires: [['anew']],
      },
      {
        id: 'anew',
        type: 'linktor-knowledge',
        config: 'account',
        operation: 'reprocess',
        base: 'found.id',
        baseType: 'msg',
        wires: [['out']],
      },
      { id: 'out', type: 'probe' },
    ]);
    played.node('list').receive({});
    const { payload, found } = await played.probe('out').first();
    assert.equal((payload as Found).id, (found as Found).id);
  });
});
