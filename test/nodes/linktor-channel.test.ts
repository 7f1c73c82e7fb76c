import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { failsWell } from './failures';

const channelId = 'ch_whatsapp';

describe('linktor-channel', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-channel');

  it('lists what there is, and says how much', async () => {
    const msg = await run({ operation: 'list', kind: 'whatsapp', kindType: 'str' });
    assert.deepEqual(
      (msg.payload as { id: string }[]).map(({ id }) => id),
      [channelId],
    );
    assert.equal((msg.page as { hasNext: boolean }).hasNext, false);
  });

  it('gets one', async () => {
    const { payload } = await run({ operation: 'get' }, { channelId });
    assert.equal((payload as { name: string }).name, 'WhatsApp');
  });

  it('creates one from the message', async () => {
    const given = { name: 'Lab', type: 'telegram', config: { type: 'telegram', botToken: 't' } };
    const { payload } = await run({ operation: 'create' }, { payload: given });
    const { id, name, type } = payload as Record<string, string>;
    assert.deepEqual({ name, type }, { name: 'Lab', type: 'telegram' });
    assert.match(String(id), /.+/);
  });

  it('changes only the fields that are filled in', async () => {
    const fields = { title: 'Shop', titleType: 'str' };
    const { payload } = await run({ operation: 'update', ...fields }, { channelId, payload: { name: 'ignored' } });
    const { name, type } = payload as Record<string, string>;
    assert.deepEqual({ name, type }, { name: 'Shop', type: 'whatsapp' });
  });

  it('deletes one, once it is confirmed', async () => {
    const msg = await run({ operation: 'delete', confirm: true }, { channelId });
    assert.deepEqual(msg.payload, { id: channelId, deleted: true });
  });

  it('disconnects and connects', async () => {
    const off = await run({ operation: 'disconnect' }, { channelId });
    assert.notEqual((off.payload as { status: string }).status, 'active');
  });

  it('tells how one is', async () => {
    const { payload } = await run({ operation: 'status' }, { channelId });
    assert.equal(typeof (payload as { status: string }).status, 'string');
  });

  const msg = { channelId, payload: { name: 'Lab', type: 'telegram', config: { type: 'telegram', botToken: 't' } } };
  failsWell(set, 'linktor-channel', {
    list: { msg, kind: 'read' },
    get: { msg, kind: 'read' },
    create: { msg, kind: 'write' },
    update: { msg: { ...msg, payload: { name: 'New' } }, kind: 'write' },
    delete: { msg: { ...msg, channelId: 'ch_webchat' }, node: { confirm: true }, kind: 'write' },
    connect: { msg, kind: 'write' },
    disconnect: { msg, kind: 'write' },
    status: { msg, kind: 'read' },
  });
});
