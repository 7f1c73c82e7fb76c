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

  for (const period of ['', 'month']) {
    it(`a channel has figures of ${period || 'any period'}`, async () => {
      const figures = await result(set, 'linktor-channel', { operation: 'stats', period }, { channelId });
      assert.equal(typeof figures.messagesReceived, 'number');
      const [{ query }] = (await set.state()).requests as unknown as [{ query: string }];
      assert.equal(query, period === '' ? '' : `?period=${period}`);
    });
  }

  it('a channel tells what it takes', async () => {
    const found = await result(set, 'linktor-channel', { operation: 'capabilities' }, { channelId });
    assert.ok((found.supportedContentTypes as string[]).includes('text'));
    assert.ok(Number(found.maxMessageLength) > 0);
  });

  for (const [before, success] of [
    ['connect', true],
    ['disconnect', false],
  ] as const) {
    it(`a channel is tested: ${before}`, async () => {
      const node = { type: 'linktor-channel', config: 'account' };
      const played = await set.play([
        { ...node, id: 'first', operation: before, wires: [['test']] },
        { ...node, id: 'test', operation: 'test', wires: [['out']] },
        { id: 'out', type: 'probe' },
      ]);
      played.node('first').receive({ channelId });
      assert.equal(((await played.probe('out').first()).payload as Found).success, success);
    });
  }

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

  it('a run is looked at and cancelled, by wiring alone', async () => {
    const node = { type: 'linktor-flow', config: 'account' };
    const ofRun = { execution: 'run.id', executionType: 'msg' };
    const played = await set.play([
      { ...node, id: 'run', operation: 'execute', result: 'run', wires: [['look', 'cancel']] },
      { ...node, id: 'look', operation: 'execution', ...ofRun, wires: [['seen']] },
      { ...node, id: 'cancel', operation: 'cancel', ...ofRun, wires: [['over']] },
      { id: 'seen', type: 'probe' },
      { id: 'over', type: 'probe' },
    ]);
    played.node('run').receive({ flowId, conversationId: 'conv_ana' });
    const [seen, over] = await Promise.all([played.probe('seen').first(), played.probe('over').first()]);
    assert.equal((seen.payload as Found).id, (seen.run as Found).id);
    assert.deepEqual(
      [(over.payload as Found).id, (over.payload as Found).status],
      [(over.run as Found).id, 'cancelled'],
    );
  });

  it('a run has to be named', async () => {
    const { error } = await alone(set, 'linktor-flow')({ operation: 'cancel' }, { flowId });
    assert.equal(error?.code, 'validation');
    assert.match(String(error?.message), /"execution" is missing/);
    assert.equal((await set.state()).requests.length, 0);
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

  it('a bot gets channels and loses them, of a list', async () => {
    const add = { operation: 'addChannels', ...asText('channels', 'ch_whatsapp, ch_webchat') };
    const bot = await result(set, 'linktor-bot', add, { botId });
    assert.deepEqual(bot.channelIds, ['ch_webchat', 'ch_whatsapp']);
  });

  it('a bot loses the channel of a message', async () => {
    const bot = await result(set, 'linktor-bot', { operation: 'removeChannels' }, { botId, channelId });
    assert.deepEqual(bot.channelIds, []);
  });

  it('a bot gets and loses knowledge bases', async () => {
    const played = await set.play([
      {
        id: 'make',
        type: 'linktor-knowledge',
        config: 'account',
        operation: 'create',
        result: 'made',
        wires: [['add']],
      },
      {
        id: 'add',
        type: 'linktor-bot',
        config: 'account',
        operation: 'addBases',
        bases: 'made.id',
        basesType: 'msg',
        wires: [['out', 'take']],
      },
      { id: 'take', type: 'linktor-bot', config: 'account', operation: 'removeBases', wires: [['left']] },
      { id: 'out', type: 'probe' },
      { id: 'left', type: 'probe' },
    ]);
    played.node('make').receive({ botId, bases: [base], payload: { name: 'Bakery' } });
    const [added, left] = await Promise.all([played.probe('out').first(), played.probe('left').first()]);
    const { id } = added.made as Found;
    assert.deepEqual((added.payload as Found).knowledgeBaseIds, [base, id]);
    assert.deepEqual((left.payload as Found).knowledgeBaseIds, [id]);
  });

  for (const [operation, named] of [
    ['addChannels', /"channels".*missing/],
    ['removeBases', /"bases".*missing/],
  ] as const) {
    it(`a bot says what ${operation} needs`, async () => {
      const { error } = await alone(set, 'linktor-bot')({ operation }, { botId });
      assert.equal(error?.code, 'validation');
      assert.match(String(error?.message), named);
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  it('a bot gets no channel that there is none of', async () => {
    const node = { operation: 'addChannels', ...asText('channels', 'ch_none') };
    const { error } = await alone(set, 'linktor-bot')(node, { botId });
    assert.ok(['validation', 'not_found'].includes(String(error?.code)), error?.message);
  });

  for (const period of ['', 'month']) {
    it(`a bot has figures of ${period || 'any period'}`, async () => {
      const figures = await result(set, 'linktor-bot', { operation: 'stats', period }, { botId });
      assert.equal(typeof figures.conversationsHandled, 'number');
      const [{ query }] = (await set.state()).requests as unknown as [{ query: string }];
      assert.equal(query, period === '' ? '' : `?period=${period}`);
    });
  }

  it('a base has figures', async () => {
    const { documentCount } = await result(set, 'linktor-knowledge', { operation: 'stats' }, { base });
    assert.ok(Number(documentCount) > 1);
  });

  it('a document says whether the server is done with it', async () => {
    const found = await result(set, 'linktor-knowledge', { operation: 'document' }, { base, documentId });
    assert.deepEqual([found.id, found.status], [documentId, 'completed']);
  });

  it('a flow is switched off', async () => {
    const off = await result(set, 'linktor-flow', { operation: 'deactivate' }, { flowId });
    assert.equal(off.status, 'inactive');
  });

  it('a flow is switched on', async () => {
    assert.equal((await result(set, 'linktor-flow', { operation: 'activate' }, { flowId })).status, 'active');
  });

  const bot = { botId, channelId, bases: [base] };
  failsWell(set, 'linktor-bot', {
    addChannels: { msg: bot, kind: 'write' },
    removeChannels: { msg: bot, kind: 'write' },
    addBases: { msg: bot, kind: 'write' },
    removeBases: { msg: bot, kind: 'write' },
    stats: { msg: bot, kind: 'read' },
  });

  failsWell(set, 'linktor-knowledge', {
    document: { msg: { base, documentId }, kind: 'read' },
    stats: { msg: { base }, kind: 'read' },
  });

  const [channel, run] = [{ channelId }, { flowId, executionId: 'exec_1' }];
  failsWell(set, 'linktor-channel', {
    stats: { msg: channel, kind: 'read' },
    test: { msg: channel, kind: 'read' },
    capabilities: { msg: channel, kind: 'read' },
  });

  failsWell(set, 'linktor-flow', {
    execution: { msg: run, kind: 'read' },
    cancel: { msg: run, kind: 'write' },
    activate: { msg: { flowId }, kind: 'write' },
    deactivate: { msg: { flowId }, kind: 'write' },
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
    ['linktor-channel', 'stats', { channelId }, {}],
    ['linktor-channel', 'test', { channelId }, {}],
    ['linktor-channel', 'capabilities', { channelId }, {}],
    ['linktor-bot', 'duplicate', { botId }, {}],
    ['linktor-bot', 'removeBases', { botId, bases: base }, {}],
    ['linktor-bot', 'stats', { botId }, {}],
    ['linktor-flow', 'duplicate', { flowId }, {}],
    ['linktor-flow', 'validate', { flowId }, {}],
    ['linktor-flow', 'export', { flowId }, {}],
    ['linktor-flow', 'import', { payload: { name: 'In' } }, {}],
    ['linktor-flow', 'stats', { flowId }, {}],
    ['linktor-flow', 'nodeTypes', {}, {}],
    ['linktor-flow', 'execution', { flowId, executionId: 'exec_1' }, {}],
    ['linktor-flow', 'cancel', { flowId, executionId: 'exec_1' }, {}],
    ['linktor-analytics', 'report', { start: '2026-05-01', end: '2026-05-31' }, {}],
    ['linktor-analytics', 'export', { start: '2026-05-01', end: '2026-05-31' }, {}],
    ['linktor-knowledge', 'reprocessDocument', { base, documentId }, {}],
    ['linktor-knowledge', 'chunks', { base, documentId }, {}],
    ['linktor-knowledge', 'stats', { base }, {}],
  ] as const) {
    it(`${type} ${operation} says so, with another way`, async () => {
      const { error } = await alone(set, type)({ operation, ...node }, msg);
      assert.equal(error?.code, 'not_supported', error?.message);
      assert.match(String(error?.cause.hint), /^[A-Z].+\.$/);
    });
  }

  it('a bot gets channels and loses them', async () => {
    const node = { type: 'linktor-bot', config: 'account' };
    const played = await set.play([
      { ...node, id: 'add', operation: 'addChannels', ...asText('channels', 'ch_whatsapp'), wires: [['on', 'take']] },
      { ...node, id: 'take', operation: 'removeChannels', wires: [['off']] },
      { id: 'on', type: 'probe' },
      { id: 'off', type: 'probe' },
    ]);
    played.node('add').receive({ botId, channelId });
    const [on, off] = await Promise.all([played.probe('on').first(), played.probe('off').first()]);
    assert.deepEqual((on.payload as Found).channelIds, ['ch_webchat', 'ch_whatsapp']);
    assert.deepEqual((off.payload as Found).channelIds, ['ch_whatsapp']);
  });

  it('a bot has one base, and says how it gets another one', async () => {
    const node = { type: 'linktor-bot', config: 'account' };
    const played = await set.play([
      { ...node, id: 'add', operation: 'addBases', wires: [['out']] },
      { ...node, id: 'change', operation: 'update', wires: [['out']] },
      { id: 'out', type: 'probe' },
    ]);
    played.node('add').receive({ botId, bases: 'kb_other' });
    const { error } = await played.caught.first();
    assert.equal(error?.code, 'not_supported');
    assert.match(String(error?.cause.hint), /knowledgeBaseIds/);
    played.node('change').receive({ botId, payload: { knowledgeBaseIds: [base] } });
    assert.deepEqual(((await played.probe('out').first()).payload as Found).knowledgeBaseIds, [base]);
  });

  for (const [type, operation, msg, named] of [
    ['linktor-bot', 'addChannels', { botId, channelId: 'ch_none' }, /no channel with the id "ch_none"/],
    ['linktor-knowledge', 'document', { base, documentId: 'doc_none' }, /no document with the id "doc_none"/],
    ['linktor-knowledge', 'get', { base: 'kb_none' }, /no knowledge base with the id "kb_none"/],
  ] as const) {
    it(`${type} ${operation} names the id that is none`, async () => {
      const { error } = await alone(set, type)({ operation }, msg);
      assert.equal(error?.code, 'not_found');
      assert.match(String(error?.message), named);
    });
  }

  it('a document can be looked at', async () => {
    const found = await result(set, 'linktor-knowledge', { operation: 'document' }, { base, documentId });
    assert.equal(found.id, documentId);
  });

  for (const [operation, status] of [
    ['deactivate', 'inactive'],
    ['activate', 'active'],
  ] as const) {
    it(`a flow is ${status} after ${operation}`, async () => {
      assert.equal((await result(set, 'linktor-flow', { operation }, { flowId })).status, status);
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
