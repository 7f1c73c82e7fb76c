import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { failsWell } from './failures';

const flowId = 'flow_demo';
const conversationId = 'conv_ana';
const given = { name: 'Empty' };

describe('linktor-flow', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-flow');

  it('lists what there is', async () => {
    const { payload } = await run({ operation: 'list' });
    assert.deepEqual(
      (payload as { id: string }[]).map(({ id }) => id),
      [flowId],
    );
  });

  it('gets one', async () => {
    assert.equal(((await run({ operation: 'get' }, { flowId })).payload as { name: string }).name, 'Greeting');
  });

  it('creates one from the message', async () => {
    assert.equal(((await run({ operation: 'create' }, { payload: given })).payload as typeof given).name, 'Empty');
  });

  it('changes one, its definition and its name together', async () => {
    const fields = { title: 'Hi', titleType: 'str', definition: '{"description":"short"}', definitionType: 'json' };
    const { payload } = await run({ operation: 'update', ...fields }, { flowId });
    const { name, description } = payload as Record<string, string>;
    assert.deepEqual({ name, description }, { name: 'Hi', description: 'short' });
  });

  it('runs one in the conversation of the message, with variables from the payload', async () => {
    const { payload } = await run({ operation: 'execute' }, { flowId, conversationId, payload: { name: 'Ana' } });
    const execution = payload as Record<string, unknown>;
    assert.equal(execution.conversationId, conversationId);
    assert.deepEqual((execution.variables as { name: string }).name, 'Ana');
    const { sends } = await set.state();
    assert.ok(sends.some((sent) => sent.conversationId === conversationId));
  });

  it('does not take a text for variables', async () => {
    const { payload } = await run({ operation: 'execute' }, { flowId, conversationId, payload: 'Hello' });
    assert.equal((payload as { flowId: string }).flowId, flowId);
  });

  it('lists what one has done', async () => {
    const { node, probe } = await set.play([
      { id: 'run', type: 'linktor-flow', config: 'account', operation: 'execute', wires: [['look']] },
      { id: 'look', type: 'linktor-flow', config: 'account', operation: 'executions', wires: [['out']] },
      { id: 'out', type: 'probe' },
    ]);
    node('run').receive({ flowId, conversationId });
    const { payload, page } = await probe('out').first();
    assert.deepEqual(
      (payload as { flowId: string }[]).map((one) => one.flowId),
      [flowId],
    );
    assert.equal((page as { hasNext: boolean }).hasNext, false);
  });

  it('deletes one, once it is confirmed', async () => {
    const { payload } = await run({ operation: 'delete', confirm: true }, { flowId });
    assert.deepEqual(payload, { id: flowId, deleted: true });
  });

  const msg = { flowId, conversationId, payload: given };
  failsWell(set, 'linktor-flow', {
    list: { msg, kind: 'read' },
    get: { msg, kind: 'read' },
    create: { msg, kind: 'write' },
    update: { msg, kind: 'write' },
    delete: { msg, node: { confirm: true }, kind: 'write' },
    execute: { msg, kind: 'write' },
    executions: { msg, kind: 'read' },
  });
});
