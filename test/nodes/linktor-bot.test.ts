import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { failsWell } from './failures';

const botId = 'bot_demo';
const given = { name: 'Night bot', type: 'ai', agentId: 'agent_demo' };

describe('linktor-bot', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-bot');

  it('lists those of a channel', async () => {
    const filter = { operation: 'list', channel: 'ch_webchat', channelType: 'str' };
    assert.deepEqual(
      ((await run(filter)).payload as { id: string }[]).map(({ id }) => id),
      [botId],
    );
  });

  it('lists none where there is none', async () => {
    assert.deepEqual((await run({ operation: 'list', channel: 'ch_whatsapp', channelType: 'str' })).payload, []);
  });

  it('gets one', async () => {
    assert.equal(((await run({ operation: 'get' }, { botId })).payload as { name: string }).name, 'Shop bot');
  });

  it('creates one from the message', async () => {
    const { payload } = await run({ operation: 'create' }, { payload: given });
    assert.equal((payload as { name: string }).name, 'Night bot');
  });

  it('creates one from its fields', async () => {
    const fields = { title: 'Day bot', titleType: 'str', kind: 'hybrid', kindType: 'str' };
    const { payload } = await run({ operation: 'create', ...fields }, { payload: 'untouched' });
    const { name, type } = payload as Record<string, string>;
    assert.deepEqual({ name, type }, { name: 'Day bot', type: 'hybrid' });
  });

  it('changes one', async () => {
    const { payload } = await run({ operation: 'update' }, { botId, payload: { description: 'Sleeps never' } });
    const { name, description } = payload as Record<string, string>;
    assert.deepEqual({ name, description }, { name: 'Shop bot', description: 'Sleeps never' });
  });

  it('refuses to write nothing', async () => {
    const { error } = await run({ operation: 'update' }, { botId, payload: 'text' });
    assert.equal(error?.code, 'validation');
  });

  it('switches one off and on', async () => {
    assert.equal(
      ((await run({ operation: 'deactivate' }, { botId })).payload as { status: string }).status,
      'inactive',
    );
  });

  it('switches one on', async () => {
    assert.equal(((await run({ operation: 'activate' }, { botId })).payload as { status: string }).status, 'active');
  });

  it('deletes nothing that is not confirmed', async () => {
    const { error } = await run({ operation: 'delete' }, { botId });
    assert.equal(error?.code, 'validation');
    assert.equal((await set.state()).counts.bots, 1);
  });

  it('deletes one', async () => {
    assert.deepEqual((await run({ operation: 'delete', confirm: true }, { botId })).payload, {
      id: botId,
      deleted: true,
    });
    assert.equal((await set.state()).counts.bots, 0);
  });

  const msg = { botId, payload: given };
  failsWell(set, 'linktor-bot', {
    list: { msg, kind: 'read' },
    get: { msg, kind: 'read' },
    create: { msg, kind: 'write' },
    update: { msg, kind: 'write' },
    delete: { msg: { botId: 'bot_demo' }, node: { confirm: true }, kind: 'write' },
    activate: { msg, kind: 'write' },
    deactivate: { msg, kind: 'write' },
  });
});
