import { strict as assert } from 'node:assert';
import { codeOf, data, type ServerBench, serverBench } from './server-support';
import type { Json } from './support';

const NOBODY = 'a0a0a0a0-0000-4000-8000-000000000000';

describe('sandbox as the server: contacts and channels', () => {
  let box: ServerBench;
  beforeEach(async () => {
    box = await serverBench();
  });
  afterEach(() => box.close());

  describe('contacts', () => {
    const put = (body: Json) => box.call('PUT', '/contacts/ct_ana', body);

    it('are listed in real pages', async () => {
      const first = await box.call('GET', '/contacts?page_size=2');
      assert.equal((first.body.data as Json[]).length, 2);
      assert.deepEqual(first.body.meta, {
        page: 1,
        page_size: 2,
        total_pages: 2,
        total_items: 3,
        has_next: true,
        has_previous: false,
      });
      const last = await box.call('GET', '/contacts?page_size=2&page=2');
      assert.equal((last.body.data as Json[]).length, 1);
      const found = (await box.call('GET', '/contacts?search=BRUNO')).body.data as Json[];
      assert.deepEqual(
        found.map(({ id }) => id),
        ['ct_bruno'],
      );
      assert.equal((await box.call('GET', '/contacts?search=nobody')).body.data, null);
    });

    it('have identities only when asked for one by one', async () => {
      assert.equal(((await box.call('GET', '/contacts')).body.data as Json[])[0]?.identities, undefined);
      const [identity] = data(await box.call('GET', '/contacts/ct_ana')).identities as Json[];
      assert.deepEqual([identity?.channel_type, identity?.identifier], ['webchat', 'visitor_ct_ana']);
      const made = await box.call('POST', '/contacts/ct_ana/identities', { channel_type: 'sms', identifier: '+55' });
      assert.equal(made.status, 200);
      const path = `/contacts/ct_ana/identities/${data(made).id}`;
      assert.equal((await box.call('DELETE', path)).status, 200);
      assert.equal((await box.call('DELETE', path)).status, 404);
      assert.equal((data(await box.call('GET', '/contacts/ct_ana')).identities as Json[]).length, 1);
    });

    it('are created with a name and maps of texts', async () => {
      const { status, body } = await box.call('POST', '/contacts', { name: 'Nina', custom_fields: { size: 'M' } });
      assert.deepEqual([status, (body.data as Json).custom_fields], [201, { size: 'M' }]);
      assert.match(String((body.data as Json).id), /^[0-9a-f-]{36}$/);
      assert.equal((await box.call('POST', '/contacts', { email: 'x@example.com' })).status, 400);
      assert.equal((await box.call('POST', '/contacts', { name: 'N', custom_fields: { size: 7 } })).status, 400);
      const twice = await box.call('POST', '/contacts', { name: 'Other', email: 'ana@example.com' });
      assert.deepEqual([twice.status, codeOf(twice)], [409, 'CONFLICT']);
    });

    it('lose what a change leaves out', async () => {
      const changed = data(await put({ phone: '+5511999990001' }));
      assert.deepEqual([changed.name, changed.email, changed.phone], [undefined, undefined, '+5511999990001']);
      assert.deepEqual([changed.custom_fields, changed.tags], [{ language: 'en' }, ['vip']]);
      assert.equal(data(await put({ name: 'Ana', tags: [] })).tags, undefined);
    });

    it('go with their conversations', async () => {
      const reply = await box.call('DELETE', '/contacts/ct_ana');
      assert.deepEqual([reply.status, reply.text], [204, '']);
      assert.equal((await box.call('GET', '/conversations/conv_ana')).status, 404);
      const gone = await box.call('GET', '/contacts/not-a-uuid');
      assert.deepEqual([gone.status, codeOf(gone)], [404, 'CONTACT_NOT_FOUND']);
    });
  });

  describe('channels', () => {
    it('are listed whole, without pages', async () => {
      const { body } = await box.call('GET', '/channels?page_size=1&type=whatsapp');
      assert.deepEqual(Object.keys(body), ['success', 'data']);
      assert.equal((body.data as Json[]).length, 2);
      const empty = await serverBench({ seed: false });
      assert.deepEqual((await empty.call('GET', '/channels')).body, { success: true, data: null });
      await empty.close();
    });

    it('are made of texts, disconnected, and keep credentials to themselves', async () => {
      const made = await box.call('POST', '/channels', {
        type: 'pigeon',
        name: 'Loft',
        identifier: 'p-1',
        config: { speed: 'slow' },
        credentials: { secret: 's' },
      });
      const { id, created_at, updated_at, ...channel } = data(made);
      assert.deepEqual(
        [made.status, channel],
        [
          201,
          {
            tenant_id: 'tenant_demo',
            name: 'Loft',
            type: 'pigeon',
            enabled: true,
            connection_status: 'disconnected',
            config: { speed: 'slow' },
          },
        ],
      );
      assert.ok(id && created_at && updated_at);
      assert.equal((await box.call('POST', '/channels', { type: 'x', name: 'y', config: { n: 1 } })).status, 400);
    });

    it('are replaced by a change', async () => {
      const changed = data(await box.call('PUT', '/channels/ch_webchat', { type: 'webchat', name: 'Chat' }));
      assert.deepEqual([changed.name, changed.config], ['Chat', undefined]);
      assert.equal((await box.call('PUT', '/channels/ch_webchat', { name: 'Chat' })).status, 400);
    });

    it('may be used or not, and are connected or not', async () => {
      const off = data(await box.call('PUT', '/channels/ch_webchat/enabled', { enabled: false }));
      assert.deepEqual([off.enabled, off.connection_status], [false, 'connected']);
      assert.equal(data(await box.call('PUT', '/channels/ch_webchat/status', { status: 'active' })).enabled, true);
      const gone = data(await box.call('POST', '/channels/ch_webchat/disconnect'));
      assert.deepEqual(Object.keys(gone), ['message']);
      const back = data(await box.call('POST', '/channels/ch_webchat/connect'));
      assert.equal((back.channel as Json).connection_status, 'connected');
      const paired = data(await box.call('POST', '/channels', { type: 'whatsapp_unofficial', name: 'Phone' }));
      const waiting = data(await box.call('POST', `/channels/${paired.id}/connect`));
      assert.equal((waiting.channel as Json).connection_status, 'connecting');
      assert.ok(waiting.qr_code);
    });

    it('are an internal error under an id that is no UUID', async () => {
      const broken = await box.call('GET', '/channels/nope');
      assert.deepEqual([broken.status, codeOf(broken)], [500, 'INTERNAL_ERROR']);
      const lost = await box.call('GET', `/channels/${NOBODY}`);
      assert.deepEqual([lost.status, codeOf(lost)], [404, 'CHANNEL_NOT_FOUND']);
    });
  });
});
