import { strict as assert } from 'node:assert';
import type { SandboxOptions } from '../../sandbox/index';
import { codeOf, data, type ServerBench, serverBench } from './server-support';
import { type Json, rows } from './support';

const HABITS = ['updated-at', 'phones', 'choices', 'content', 'media', 'statuses'];

describe('sandbox as the server: habits of the real one', () => {
  let box: ServerBench;
  const start = async (options: SandboxOptions = {}) => {
    box = await serverBench({ receipts: 'manual', habits: ['all'], ...options });
  };
  afterEach(() => box.close());

  const conversation = async (id: string) => data(await box.call('GET', `/conversations/${id}`));
  const write = (body: Json) => box.control('/messages', body);
  const reply = (id: string, content = 'An answer') =>
    box.call('POST', `/conversations/${id}/messages`, { content_type: 'text', content });
  /** The newest message of a conversation as the list has it, without what does not matter here. */
  const newest = async (id: string) => rows(await box.call('GET', `/conversations/${id}/messages`))[0] as Json;
  const single = async (id: unknown) => data(await box.call('GET', `/messages/${id}`));
  const channel = async (type: string) => String(data(await box.call('POST', '/channels', { type, name: type })).id);
  /** Lets a new customer write through a channel of this type; returns the stored message. */
  const written = async (type: string, body: Json) => {
    const { body: sent } = await write({
      channelId: await channel(type),
      contact: { name: 'Nina', phone: '+5511955554444' },
      ...body,
    });
    return single(sent.id);
  };

  describe('times', () => {
    it('keeps the time of the provider apart from the time of storing', async () => {
      await start();
      const before = await conversation('conv_ana');
      const sentAt = '2020-02-03T04:05:06.000Z';
      const { body } = await write({ conversationId: 'conv_ana', text: 'late', sentAt });
      const message = await single(body.id);
      assert.equal(new Date(String(message.created_at)).toISOString(), sentAt);
      const after = await conversation('conv_ana');
      assert.ok(String(after.updated_at) > String(before.updated_at));
      assert.equal(after.last_message_at, before.last_message_at, 'the newest created_at of the messages');
      assert.notEqual((await newest('conv_ana')).id, body.id, 'the list is ordered by created_at');
      const all = rows(await box.call('GET', '/conversations/conv_ana/messages'));
      assert.equal(all.at(-1)?.id, body.id);
    });

    it('stores later what it accepts now', async () => {
      await start();
      const accepted = await write({ conversationId: 'conv_ana', text: 'in the queue', storeAfterMs: 150 });
      assert.equal(accepted.status, 202);
      assert.notEqual((await newest('conv_ana')).content, 'in the queue');
      while ((await newest('conv_ana')).content !== 'in the queue');
      const message = await newest('conv_ana');
      const { updated_at } = await conversation('conv_ana');
      const delay = Date.parse(String(updated_at)) - Date.parse(String(message.created_at));
      assert.ok(delay >= 100, `stored ${delay} ms after its time`);
    });

    it('delays what the generic webhook accepts', async () => {
      await start();
      await box.control('/store-delay', { ms: 150 });
      const path = '/api/v1/webhooks/generic/ch_webchat';
      const body = { message_id: 'g-1', sender_id: 'v-9', content_type: 'text', content: 'slow', metadata: {} };
      assert.equal((await box.ask('POST', path, { body })).status, 200);
      const find = async () => rows(await box.call('GET', '/contacts')).some(({ name }) => name === 'Unknown');
      assert.equal(await find(), false);
      while (!(await find()));
    });

    it('refuses a wrong sender at once, whatever the delay', async () => {
      await start();
      assert.equal((await write({ text: 'x', storeAfterMs: 5 })).status, 400);
      assert.equal((await write({ conversationId: 'conv_x', text: 'x', storeAfterMs: 5 })).status, 404);
    });

    for (const [habits, moves] of [
      [['updated-at'], false],
      [['none'], true],
    ] as const) {
      it(`${moves ? 'moves' : 'leaves'} updated_at with a later reply when the habits are ${habits}`, async () => {
        await start({ habits: [...habits] });
        const { body } = await write({ contact: { name: 'Nina' }, text: 'hello' });
        const id = String(body.conversationId);
        const received = Date.parse(String((await conversation(id)).updated_at));
        while (Date.now() <= received);
        await reply(id);
        const first = await conversation(id);
        while (Date.now() <= Date.parse(String(first.last_message_at)));
        await reply(id, 'Another answer');
        const second = await conversation(id);
        assert.equal(second.updated_at !== first.updated_at, moves);
        assert.ok(String(second.last_message_at) > String(first.last_message_at));
        assert.ok(Date.parse(String(first.updated_at)) > received, 'the first reply moves it');
      });
    }

    it('leaves updated_at with a status', async () => {
      await start();
      const { id } = data(await reply('conv_ana'));
      const { updated_at } = await conversation('conv_ana');
      await box.ask('POST', '/api/v1/webhooks/status/ch_webchat', { body: { message_id: id, status: 'read' } });
      assert.equal((await single(id)).status, 'read');
      assert.equal((await conversation('conv_ana')).updated_at, updated_at);
    });
  });

  describe('phones', () => {
    it('stores WhatsApp phones as the provider sends them, seeded ones too', async () => {
      await start();
      await write({ channelId: 'ch_whatsapp', contact: { name: 'Nina', phone: '+55 11 95555-4444' }, text: 'oi' });
      const found = rows(await box.call('GET', '/contacts?search=5511955554444'));
      assert.deepEqual(
        found.map(({ phone }) => phone),
        ['5511955554444'],
      );
      const whole = data(await box.call('GET', `/contacts/${found[0]?.id}`));
      assert.equal((whole.identities as Json[])[0]?.identifier, '5511955554444');
      assert.equal(data(await box.call('GET', '/contacts/ct_bruno')).phone, '5511999990002');
      assert.equal(data(await box.call('GET', '/contacts/ct_ana')).phone, '+5511999990001');
    });

    it('searches for parts of a number, and looks identities up exactly', async () => {
      await start();
      const search = async (text: string) =>
        rows(await box.call('GET', `/contacts?search=${encodeURIComponent(text)}`)) ?? [];
      assert.equal((await search('99999000')).length, 3);
      assert.equal((await search('+5511999990002')).length, 0);
      const body = { message_id: 'x', sender_id: '+5511999990002', content_type: 'text', content: 'oi', metadata: {} };
      await box.ask('POST', '/api/v1/webhooks/generic/ch_whatsapp', { body });
      assert.equal(rows(await box.call('GET', '/contacts')).length, 4, 'a second person');
    });

    it('names the sender in the metadata of a WhatsApp message', async () => {
      await start();
      const { metadata } = await written('whatsapp', { text: 'oi' });
      assert.deepEqual(metadata, { phone: '5511955554444', sender_id: '5511955554444', sender_name: 'Nina' });
    });
  });

  describe('choices', () => {
    const choice = { id: 'opt_2', title: 'Second' };
    const sender = { phone: '5511955554444', sender_id: '5511955554444', sender_name: 'Nina' };
    const cases: [type: string, kind: string | undefined, contentType: string, metadata: Json | undefined][] = [
      ['whatsapp', undefined, 'interactive', { ...sender, interactive_type: 'button_reply', button_id: 'opt_2' }],
      ['whatsapp', 'list', 'interactive', { ...sender, interactive_type: 'list_reply', list_id: 'opt_2' }],
      ['whatsapp_official', 'template', 'interactive', { ...sender, button_payload: 'opt_2' }],
      ['facebook', undefined, 'text', { quick_reply: 'opt_2' }],
      ['rcs', undefined, 'text', { postback_data: 'opt_2', suggestion_text: 'Second' }],
      ['telegram', undefined, 'text', undefined],
      ['webchat', 'list', 'interactive', { interactive_type: 'list_reply', list_id: 'opt_2' }],
    ];
    for (const [type, kind, contentType, metadata] of cases) {
      it(`are written as ${type} writes a ${kind ?? 'button'}`, async () => {
        await start();
        const message = await written(type, { choice: { ...choice, kind } });
        assert.deepEqual([message.content_type, message.content, message.metadata], [contentType, 'Second', metadata]);
      });
    }
  });

  describe('content', () => {
    const location = { latitude: -23.55, longitude: -46.633308, name: 'Shop', address: 'Rua Augusta 1' };
    const bare = (message: Json) => {
      const { phone: _, sender_id: __, sender_name: ___, ...metadata } = (message.metadata ?? {}) as Json;
      return metadata;
    };

    it('has a WhatsApp location as JSON, with the name and address beside it', async () => {
      await start();
      const message = await written('whatsapp', { location });
      assert.equal(message.content_type, 'location');
      assert.deepEqual(JSON.parse(String(message.content)), location);
      assert.deepEqual(bare(message), {
        latitude: '-23.550000',
        longitude: '-46.633308',
        location_name: 'Shop',
        location_address: 'Rua Augusta 1',
      });
    });

    it('has an RCS location as words, and loses the one of Telegram', async () => {
      await start();
      assert.equal((await written('rcs', { location })).content, 'Shop: -23.550000,-46.633308');
      const lost = await written('telegram', { location, contact: { name: 'Timo' } });
      assert.deepEqual([lost.content_type, lost.content, lost.metadata], ['location', undefined, undefined]);
    });

    it('has a WhatsApp card as a JSON list', async () => {
      await start();
      const message = await written('whatsapp', {
        card: { name: 'Rui', phones: ['+5511944443333'], emails: ['r@x.y'] },
      });
      assert.equal(message.content_type, 'contact');
      const [card] = JSON.parse(String(message.content)) as Json[];
      assert.deepEqual(card?.name, { formatted_name: 'Rui' });
      assert.deepEqual(card?.phones, [{ phone: '+5511944443333', type: 'MOBILE', wa_id: '5511944443333' }]);
    });

    it('has a reaction as text, and a sticker as an image', async () => {
      await start();
      const reaction = await written('whatsapp', { reaction: { messageId: 'msg_ana_2', emoji: '👍' } });
      assert.deepEqual([reaction.content_type, reaction.content], ['text', '👍']);
      assert.deepEqual(bare(reaction), { is_reaction: 'true', reaction_message_id: 'msg_ana_2' });
      const sticker = await written('whatsapp', {
        media: { type: 'sticker', url: 'http://127.0.0.1/s.webp' },
        contact: { name: 'S' },
      });
      assert.equal(sticker.content_type, 'image');
      assert.equal(bare(sticker).is_sticker, 'true');
    });

    it('has the group and who wrote in it, for WhatsApp alone', async () => {
      await start();
      const told = await written('whatsapp', { group: '1@g.us', text: 'hi', contact: { name: 'Ana', phone: '+5511' } });
      const { is_group, chat_jid, sender_jid } = told.metadata as Json;
      assert.deepEqual([is_group, chat_jid], ['true', '1@g.us']);
      assert.match(String(sender_jid), /^\d+@s\.whatsapp\.net$/);
      const alone = await written('telegram', { group: '1@g.us', text: 'hi', contact: { name: 'T' } });
      assert.equal((alone.metadata as Json | undefined)?.is_group, undefined);
    });

    it('has a media id in place of the URL for WhatsApp and Telegram', async () => {
      await start();
      const media = { type: 'image', url: 'http://127.0.0.1/a.png', mimeType: 'image/png' };
      const attachment = async (type: string) => {
        const { attachments } = await written(type, { media, contact: { name: type } });
        return (attachments as Json[])[0] as Json;
      };
      const whatsapp = await attachment('whatsapp');
      assert.match(String(whatsapp.url), /^\d{16}$/);
      assert.deepEqual(whatsapp.metadata, { media_id: whatsapp.url });
      assert.match(String((await attachment('telegram')).url), /^AgAC[\w-]+$/);
      assert.equal((await attachment('webchat')).url, media.url);
    });
  });

  describe('statuses', () => {
    it('leaves an inbound message pending and without a sender', async () => {
      await start();
      const message = await written('webchat', { text: 'oi' });
      assert.deepEqual([message.status, message.sender_id, message.delivered_at], ['pending', undefined, undefined]);
    });

    it('takes statuses in any order, and any word for pending', async () => {
      await start();
      const { id } = data(await reply('conv_ana'));
      for (const [status, stored] of [
        ['read', 'read'],
        ['delivered', 'delivered'],
        ['failed', 'failed'],
        ['odd', 'pending'],
      ]) {
        const body = { message_id: id, status, error_message: 'no route' };
        await box.ask('POST', '/api/v1/webhooks/status/ch_webchat', { body });
        assert.equal((await single(id)).status, stored);
      }
      assert.equal((await single(id)).error_message, 'no route');
    });
  });

  describe('outages', () => {
    it('answers 404 without a database, and says so at /ready only', async () => {
      await start();
      assert.deepEqual((await box.control('/outage', { database: true })).body, { database: true, nats: false });
      const codes: [path: string, status: number, code: string][] = [
        ['/conversations/conv_ana', 404, 'CONVERSATION_NOT_FOUND'],
        ['/conversations/conv_ana/messages', 404, 'CONVERSATION_NOT_FOUND'],
        ['/messages/msg_ana_1', 404, 'MESSAGE_NOT_FOUND'],
        ['/contacts/ct_ana', 404, 'CONTACT_NOT_FOUND'],
        ['/me', 404, 'USER_NOT_FOUND'],
        ['/conversations', 500, 'INTERNAL_ERROR'],
        ['/channels/ch_webchat', 500, 'INTERNAL_ERROR'],
      ];
      for (const [path, status, code] of codes) {
        const answer = await box.call('GET', path);
        assert.deepEqual([path, answer.status, codeOf(answer)], [path, status, code]);
      }
      assert.equal((await reply('conv_ana')).status, 404);
      const ready = await box.ask('GET', '/ready');
      assert.deepEqual([ready.status, ready.body], [503, { status: 'not ready', error: 'database unavailable' }]);
      assert.equal((await box.ask('GET', '/health')).status, 200);
      await box.control('/outage', { database: false });
      assert.equal((await box.call('GET', '/conversations/conv_ana')).status, 200);
      assert.equal((await box.ask('GET', '/ready')).status, 200);
    });

    it('stores and fails a message without NATS', async () => {
      await start();
      await box.control('/outage', { nats: true });
      assert.deepEqual((await box.ask('GET', '/ready')).body, { status: 'ready', nats: 'disconnected' });
      const failed = await reply('conv_ana', 'stored');
      assert.deepEqual([failed.status, codeOf(failed)], [500, 'INTERNAL_ERROR']);
      const message = await newest('conv_ana');
      assert.deepEqual([message.content, message.status], ['stored', 'failed']);
      const body = { message_id: 'y', content_type: 'text', content: 'x' };
      assert.equal((await box.ask('POST', '/api/v1/webhooks/generic/ch_webchat', { body })).status, 500);
      await box.control('/reset');
      assert.equal((await reply('conv_ana')).status, 201);
    });
  });

  it('answers 500 for an assignee that it does not know', async () => {
    await start();
    const answer = await box.call('POST', '/conversations/conv_ana/assign', { user_id: 'nobody' });
    assert.deepEqual([answer.status, codeOf(answer)], [500, 'INTERNAL_ERROR']);
  });

  it('switches habits while it runs', async () => {
    await start({ habits: ['none'] });
    assert.equal((await written('webchat', { text: 'oi' })).status, 'delivered');
    assert.deepEqual((await box.control('/habits', { names: ['all'] })).body, { names: HABITS });
    assert.equal((await written('webchat', { text: 'oi' })).status, 'pending');
    assert.equal((await box.control('/habits', { names: ['friendly'] })).status, 400);
    await box.control('/habits', { names: ['phones'] });
    await box.control('/reset');
    assert.equal(data(await box.call('GET', '/contacts/ct_bruno')).phone, '5511999990002');
  });
});
