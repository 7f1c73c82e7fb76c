import { strict as assert } from 'node:assert';
import { type ClientSettings, LinktorClient } from '../../../lib/client/index';
import type { Outgoing } from '../../../lib/model';
import { verify } from '../../../lib/webhooks/index';
import { methodsOf, watched } from '../methods';
import { type Asked, type Bench, bench, failing, json, KEY, type Served, serve } from '../support';

const email = 'demo@linktor.local';
const password = 'sandbox';
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

async function all<T>(items: AsyncGenerator<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('client: every operation, against the sandbox', () => {
  let box: Bench;
  before(async () => {
    box = await bench({ receipts: 'manual' });
  });
  after(() => box.close());
  beforeEach(() => box.control('/reset'));

  const picture = { url: 'https://x.test/a.jpg', mimeType: 'image/jpeg', filename: 'a.jpg' };
  const question = 'How often should I water a fern?';
  const user = (content: string) => [{ role: 'user', content }];

  /** Documented nowhere, so nothing is asked. */
  const unsupportedHere = async (what: Promise<unknown>) => {
    const { code, cause } = await failing(what);
    assert.deepEqual([code, typeof cause.hint], ['not_supported', 'string']);
    assert.deepEqual((await box.state()).requests, []);
  };

  const cases: Record<string, (client: LinktorClient) => Promise<void>> = {
    async 'auth.login'(client) {
      const session = await client.auth.login(email, password);
      assert.match(session.accessToken, /^at_/);
      assert.match(String(session.refreshToken), /^rt_/);
      assert.deepEqual([session.expiresIn, session.user?.email, session.tenant?.id], [3600, email, 'tenant_demo']);
      assert.equal((await failing(client.auth.login(email, 'wrong'))).code, 'authentication');
    },
    async 'auth.refresh'(client) {
      const before = await client.auth.login(email, password);
      const after = await client.auth.refresh(String(before.refreshToken));
      assert.notEqual(after.accessToken, before.accessToken);
      assert.notEqual(after.refreshToken, before.refreshToken);
      assert.equal((await box.client({ apiKey: undefined, accessToken: after.accessToken }).auth.me()).email, email);
      assert.equal((await failing(client.auth.refresh('rt_none'))).code, 'authentication');
    },
    async 'auth.logout'(client) {
      const { accessToken } = await client.auth.login(email, password);
      const other = box.client({ apiKey: undefined, accessToken });
      assert.equal(await other.auth.logout(), undefined);
      assert.equal((await failing(other.auth.me())).code, 'authentication');
      // A key has no session that could end.
      await client.auth.logout();
      await client.auth.me();
    },
    async 'auth.me'(client) {
      const me = await client.auth.me();
      assert.deepEqual([me.id, me.email, me.name, me.role], ['user_demo', email, 'Demo User', 'admin']);
    },
    async 'auth.tenant'(client) {
      assert.deepEqual([(await client.auth.tenant()).id, (await client.auth.tenant()).slug], ['tenant_demo', 'demo']);
    },
    async 'auth.updateProfile'(client) {
      assert.equal((await client.auth.updateProfile({ name: 'Zoë', phone: '+5511' })).name, 'Zoë');
      assert.deepEqual([(await client.auth.me()).name, (await client.auth.me()).phone], ['Zoë', '+5511']);
    },
    async 'auth.changePassword'(client) {
      assert.equal(await client.auth.changePassword(password, 'a better one'), undefined);
      await client.auth.login(email, 'a better one');
      assert.equal((await failing(client.auth.changePassword(password, 'x'))).code, 'validation');
    },

    async 'conversations.list'(client) {
      const page = await client.conversations.list();
      assert.deepEqual(ids(page.items), ['conv_ana', 'conv_bruno', 'conv_carla']);
      assert.deepEqual([page.total, page.page, page.hasNext, page.nextCursor], [3, 1, false, undefined]);
      const first = await client.conversations.list({ limit: 2 });
      assert.deepEqual([ids(first.items).length, first.pageSize, first.hasNext], [2, 2, true]);
      const rest = await client.conversations.list({ limit: 2, cursor: first.nextCursor });
      assert.deepEqual([ids(rest.items), rest.hasNext], [['conv_carla'], false]);
      assert.deepEqual(ids((await client.conversations.list({ limit: 2, page: 2 })).items), ['conv_carla']);
    },
    async 'conversations.latest'(client) {
      await box.control('/messages', { conversationId: 'conv_carla', text: 'Again' });
      assert.deepEqual(ids((await client.conversations.latest()).items), ['conv_carla', 'conv_ana', 'conv_bruno']);
    },
    async 'conversations.each'(client) {
      assert.deepEqual(ids(await all(client.conversations.each({ limit: 1 }))), [
        'conv_ana',
        'conv_bruno',
        'conv_carla',
      ]);
      assert.deepEqual(ids(await all(client.conversations.each({ limit: 1, status: 'resolved' }))), ['conv_carla']);
    },
    async 'conversations.get'(client) {
      const bruno = await client.conversations.get('conv_bruno');
      assert.deepEqual(
        [bruno.id, bruno.channelId, bruno.channelType, bruno.contactId, bruno.status, bruno.priority],
        ['conv_bruno', 'ch_whatsapp', 'whatsapp', 'ct_bruno', 'open', 'high'],
      );
      assert.deepEqual([bruno.assignedTo, bruno.contact?.phone], ['user_demo', '+5511999990002']);
      assert.match(String(bruno.lastMessage?.text), /^It left our shop/);
      assert.ok(!('assignedAgentId' in bruno));
    },
    async 'conversations.create'(client) {
      const made = await client.conversations.create({
        channelId: 'ch_whatsapp',
        contactId: 'ct_ana',
        subject: 'Ferns',
        priority: 'normal',
        tags: ['a'],
        metadata: { source: 'test' },
      });
      assert.deepEqual([made.contactId, made.subject, made.priority], ['ct_ana', 'Ferns', 'normal']);
      assert.equal((await client.conversations.get(made.id)).metadata?.source, 'test');
    },
    async 'conversations.update'(client) {
      const changes = { priority: 'urgent', subject: 'Cats', metadata: { n: 1 }, assignedTo: 'user_demo' };
      const changed = await client.conversations.update('conv_ana', changes);
      assert.deepEqual([changed.priority, changed.subject, changed.assignedTo], ['urgent', 'Cats', 'user_demo']);
      assert.deepEqual(changed.metadata, { n: 1 });
      assert.equal((await client.conversations.update('conv_ana', { assignedTo: null })).assignedTo, undefined);
    },
    async 'conversations.assign'(client) {
      assert.equal((await client.conversations.assign('conv_ana', 'user_demo')).assignedTo, 'user_demo');
      assert.equal((await failing(client.conversations.assign('conv_ana', 'nobody'))).code, 'validation');
    },
    async 'conversations.unassign'(client) {
      assert.equal((await client.conversations.unassign('conv_bruno')).assignedTo, undefined);
    },
    async 'conversations.resolve'(client) {
      assert.equal((await client.conversations.resolve('conv_ana')).status, 'resolved');
    },
    async 'conversations.reopen'(client) {
      assert.equal((await client.conversations.reopen('conv_carla')).status, 'open');
    },
    async 'conversations.snooze'(client) {
      const until = '2030-01-01T00:00:00.000Z';
      const snoozed = await client.conversations.snooze('conv_ana', until);
      assert.deepEqual([snoozed.status, snoozed.snoozedUntil], ['snoozed', until]);
      assert.equal((await client.conversations.snooze('conv_bruno')).status, 'snoozed');
    },
    async 'conversations.addTags'(client) {
      assert.deepEqual((await client.conversations.addTags('conv_ana', ['b', 'question'])).tags, ['question', 'b']);
    },
    async 'conversations.removeTags'(client) {
      await client.conversations.addTags('conv_ana', ['b']);
      assert.deepEqual((await client.conversations.removeTags('conv_ana', ['question', 'none'])).tags, ['b']);
    },
    async 'conversations.markRead'(client) {
      assert.equal((await client.conversations.get('conv_ana')).unreadCount, 1);
      assert.equal(await client.conversations.markRead('conv_ana', ['msg_ana_1']), undefined);
      assert.equal((await client.conversations.get('conv_ana')).unreadCount, 1);
      await client.conversations.markRead('conv_ana');
      assert.equal((await client.conversations.get('conv_ana')).unreadCount, 0);
    },
    async 'conversations.counts'(client) {
      const { total, open, resolved, unassigned } = await client.conversations.counts();
      assert.deepEqual([total, open, resolved, unassigned], [3, 2, 1, 2]);
    },
    async 'conversations.escalate'(client) {
      await unsupportedHere(client.conversations.escalate('conv_ana', { reason: 'angry', priority: 'high' }));
    },
    async 'conversations.react'(client) {
      await unsupportedHere(client.conversations.react('conv_ana', 'msg_ana_1', '👍'));
    },
    async 'conversations.deleteMessage'(client) {
      const { id } = await client.conversations.sendText('conv_ana', 'Wrong window');
      assert.equal(await client.conversations.deleteMessage(id), undefined);
      assert.deepEqual(ids((await client.conversations.messages('conv_ana', { limit: 1 })).items), ['msg_ana_3']);
      assert.equal((await failing(client.conversations.deleteMessage(id))).code, 'not_found');
      const theirs = await failing(client.conversations.deleteMessage('msg_ana_1'));
      assert.deepEqual([theirs.code, theirs.cause.serverCode], ['not_supported', 'DELETE_NOT_SUPPORTED']);
      assert.match(theirs.cause.hint ?? '', /another one/);
    },
    async 'conversations.messages'(client) {
      const page = await client.conversations.messages('conv_ana');
      assert.deepEqual(ids(page.items), ['msg_ana_3', 'msg_ana_2', 'msg_ana_1']);
      const [newest] = page.items;
      assert.deepEqual(
        [newest?.direction, newest?.contentType, newest?.senderType, newest?.conversationId],
        ['inbound', 'text', 'contact', 'conv_ana'],
      );
      const before = await client.conversations.messages('conv_ana', { before: 'msg_ana_3' });
      assert.deepEqual(ids(before.items), ['msg_ana_2', 'msg_ana_1']);
      assert.deepEqual(ids((await client.conversations.messages('conv_ana', { after: 'msg_ana_2' })).items), [
        'msg_ana_3',
      ]);
      assert.deepEqual(ids((await client.conversations.messages('conv_ana', { limit: 1, page: 3 })).items), [
        'msg_ana_1',
      ]);
    },
    async 'conversations.eachMessage'(client) {
      const found = await all(client.conversations.eachMessage('conv_ana', { limit: 1, before: 'msg_ana_3' }));
      assert.deepEqual(ids(found), ['msg_ana_2', 'msg_ana_1']);
    },
    async 'conversations.message'(client) {
      assert.equal((await client.conversations.message('conv_ana', 'msg_ana_1')).id, 'msg_ana_1');
      assert.equal((await failing(client.conversations.message('conv_ana', 'msg_bruno_1'))).code, 'not_found');
    },
    async 'conversations.send'(client) {
      const button = { type: 'reply', id: 'y', title: 'Yes' };
      const messages: [Outgoing, Partial<Outgoing>][] = [
        [{ type: 'text', text: 'Olá 👋' }, { text: 'Olá 👋' }],
        [
          { type: 'image', media: { ...picture, caption: 'Look' } },
          { media: { ...picture, type: 'image', caption: 'Look' } },
        ],
        [{ type: 'document', media: picture }, { media: { ...picture, type: 'document' } }],
        [{ type: 'location', location: { latitude: -23.5, longitude: -46.6 } }, {}],
        [{ type: 'contact', contact: { name: 'Bia', phones: [{ number: '+551' }], emails: ['b@x.test'] } }, {}],
        [
          { type: 'interactive', interactive: { type: 'button', body: { text: '?' }, action: { buttons: [button] } } },
          {},
        ],
        [{ type: 'template', template: { name: 'hi', language: 'pt_BR', components: [] } }, {}],
      ];
      for (const [message, expected] of messages) {
        const sent = await client.conversations.send('conv_ana', { ...message, metadata: { n: 1 } });
        const stored = await client.conversations.message('conv_ana', sent.id);
        assert.deepEqual(
          [sent.contentType, sent.direction, sent.conversationId],
          [message.type, 'outbound', 'conv_ana'],
        );
        assert.equal(stored.metadata?.n, 1);
        for (const [key, value] of Object.entries(expected)) assert.deepEqual(stored[key], value, message.type);
        for (const key of ['text', 'media', 'location', 'contact', 'interactive', 'template'] as const) {
          if (message[key]) assert.ok(stored[key], `${key} of ${message.type}`);
        }
      }
      const answer = await client.conversations.send('conv_ana', { type: 'text', text: 'x', replyTo: 'msg_ana_3' });
      assert.equal(answer.metadata?.replyToId, 'msg_ana_3');
    },
    async 'conversations.sendRaw'(client) {
      const sent = await client.conversations.sendRaw('conv_ana', { contentType: 'text', text: 'raw' });
      assert.deepEqual([sent.contentType, sent.text], ['text', 'raw']);
    },
    async 'conversations.sendText'(client) {
      const sent = await client.conversations.sendText('conv_ana', 'Hi');
      assert.deepEqual([sent.text, sent.direction], ['Hi', 'outbound']);
      assert.equal((await client.conversations.messages('conv_ana')).items[0]?.id, sent.id);
    },

    async 'contacts.list'(client) {
      assert.deepEqual(ids((await client.contacts.list()).items).sort(), ['ct_ana', 'ct_bruno', 'ct_carla']);
    },
    async 'contacts.each'(client) {
      assert.equal((await all(client.contacts.each({ limit: 1 }))).length, 3);
    },
    async 'contacts.get'(client) {
      const ana = await client.contacts.get('ct_ana');
      assert.deepEqual([ana.name, ana.email, ana.tags], ['Ana Souza', 'ana@example.com', ['vip']]);
      assert.deepEqual(
        [ana.identifiers[0]?.channelType, ana.identifiers[0]?.identifier],
        ['webchat', 'visitor_ct_ana'],
      );
      assert.ok(!('avatar' in ana));
    },
    async 'contacts.create'(client) {
      const made = await client.contacts.create({ name: 'Bia', email: 'bia@x.test', customFields: { plan: 'a' } });
      const stored = await client.contacts.get(made.id);
      assert.deepEqual([stored.name, stored.email, stored.customFields], ['Bia', 'bia@x.test', { plan: 'a' }]);
      assert.equal((await failing(client.contacts.create({ email: 'bia@x.test' }))).code, 'conflict');
      assert.equal((await failing(client.contacts.create({}))).code, 'validation');
    },
    async 'contacts.update'(client) {
      const changed = await client.contacts.update('ct_ana', { name: 'Ana', avatarUrl: 'https://x.test/a.png' });
      assert.deepEqual(
        [changed.name, changed.avatarUrl, changed.phone],
        ['Ana', 'https://x.test/a.png', '+5511999990001'],
      );
    },
    async 'contacts.remove'(client) {
      assert.equal(await client.contacts.remove('ct_ana'), undefined);
      assert.equal((await failing(client.contacts.get('ct_ana'))).code, 'not_found');
    },
    async 'contacts.search'(client) {
      assert.deepEqual(ids((await client.contacts.search('souza')).items), ['ct_ana']);
      assert.deepEqual(ids((await client.contacts.search('+5511999990003')).items), ['ct_carla']);
      assert.deepEqual(ids((await client.contacts.search('example.com', { tags: ['vip'] })).items), ['ct_ana']);
    },
    async 'contacts.merge'(client) {
      const merged = await client.contacts.merge('ct_ana', ['ct_bruno', 'ct_carla']);
      assert.deepEqual([merged.id, merged.identifiers.length, merged.tags], ['ct_ana', 3, ['vip', 'plants']]);
      assert.equal((await client.contacts.list()).total, 1);
    },
    async 'contacts.conversations'(client) {
      assert.deepEqual(ids((await client.contacts.conversations('ct_ana')).items), ['conv_ana']);
    },
    async 'contacts.addTags'(client) {
      assert.deepEqual((await client.contacts.addTags('ct_ana', ['new'])).tags, ['vip', 'new']);
    },
    async 'contacts.removeTags'(client) {
      assert.deepEqual((await client.contacts.removeTags('ct_ana', ['vip'])).tags, []);
    },

    async 'contacts.addIdentity'(client) {
      const ana = await client.contacts.addIdentity('ct_ana', { channelType: 'email', identifier: 'a@x.test' });
      assert.deepEqual(
        ana.identifiers.map(({ channelType, identifier }) => `${channelType} ${identifier}`),
        ['webchat visitor_ct_ana', 'email a@x.test'],
      );
    },
    async 'contacts.removeIdentity'(client) {
      const [identity = assert.fail()] = (await client.contacts.get('ct_ana')).identifiers;
      const ana = await client.contacts.removeIdentity('ct_ana', identity);
      assert.deepEqual([ana.identifiers, ana.name], [[], 'Ana Souza']);
    },

    async 'channels.list'(client) {
      assert.deepEqual(ids((await client.channels.list()).items).sort(), ['ch_webchat', 'ch_whatsapp']);
    },
    async 'channels.each'(client) {
      assert.equal((await all(client.channels.each({ limit: 1 }))).length, 2);
    },
    async 'channels.get'(client) {
      const channel = await client.channels.get('ch_webchat');
      assert.deepEqual([channel.name, channel.type, channel.status], ['Website chat', 'webchat', 'active']);
    },
    async 'channels.create'(client) {
      const made = await client.channels.create({ name: 'Bot', type: 'telegram', config: { type: 'telegram' } });
      assert.deepEqual([made.name, made.type, made.status], ['Bot', 'telegram', 'inactive']);
    },
    async 'channels.update'(client) {
      assert.equal((await client.channels.update('ch_webchat', { name: 'Chat' })).name, 'Chat');
    },
    async 'channels.remove'(client) {
      await client.channels.remove('ch_whatsapp');
      assert.equal((await client.channels.list()).total, 1);
    },
    async 'channels.connect'(client) {
      await client.channels.disconnect('ch_webchat');
      assert.equal((await client.channels.connect('ch_webchat')).status, 'active');
    },
    async 'channels.disconnect'(client) {
      assert.equal((await client.channels.disconnect('ch_webchat')).status, 'inactive');
    },
    async 'channels.status'(client) {
      assert.equal((await client.channels.status('ch_webchat')).isConnected, true);
    },
    async 'channels.capabilities'(client) {
      assert.ok(Object.keys(await client.channels.capabilities('ch_whatsapp')).length > 0);
    },
    async 'channels.test'(client) {
      assert.equal((await client.channels.test('ch_webchat')).success, true);
    },
    async 'channels.webhook'(client) {
      const { url, verifyToken } = await client.channels.webhook('ch_webchat');
      assert.match(String(url), /ch_webchat/);
      assert.ok(verifyToken);
    },
    async 'channels.renewWebhook'(client) {
      const { verifyToken: before } = await client.channels.webhook('ch_webchat');
      const { verifyToken } = await client.channels.renewWebhook('ch_webchat');
      assert.notEqual(verifyToken, before);
      assert.equal((await client.channels.webhook('ch_webchat')).verifyToken, verifyToken);
    },
    async 'channels.stats'(client) {
      for (const period of [undefined, 'day', 'month']) {
        assert.equal(typeof (await client.channels.stats('ch_webchat', period)).messagesReceived, 'number');
      }
      assert.equal((await failing(client.channels.stats('ch_webchat', 'eon'))).code, 'validation');
    },

    async 'bots.list'(client) {
      assert.deepEqual(ids((await client.bots.list()).items), ['bot_demo']);
    },
    async 'bots.each'(client) {
      assert.deepEqual(ids(await all(client.bots.each())), ['bot_demo']);
    },
    async 'bots.get'(client) {
      const bot = await client.bots.get('bot_demo');
      assert.deepEqual([bot.name, bot.type, bot.status], ['Shop bot', 'ai', 'active']);
    },
    async 'bots.create'(client) {
      assert.equal((await client.bots.create({ name: 'B', type: 'flow', flowId: 'flow_demo' })).flowId, 'flow_demo');
    },
    async 'bots.update'(client) {
      assert.equal((await client.bots.update('bot_demo', { name: 'New' })).name, 'New');
    },
    async 'bots.remove'(client) {
      await client.bots.remove('bot_demo');
      assert.equal((await client.bots.list()).total, 0);
    },
    async 'bots.activate'(client) {
      await client.bots.deactivate('bot_demo');
      assert.equal((await client.bots.activate('bot_demo')).status, 'active');
    },
    async 'bots.deactivate'(client) {
      assert.equal((await client.bots.deactivate('bot_demo')).status, 'inactive');
    },
    async 'bots.addChannels'(client) {
      const { channelIds } = await client.bots.addChannels('bot_demo', ['ch_whatsapp']);
      assert.deepEqual(channelIds, ['ch_webchat', 'ch_whatsapp']);
    },
    async 'bots.removeChannels'(client) {
      assert.deepEqual((await client.bots.removeChannels('bot_demo', ['ch_webchat'])).channelIds, []);
    },
    async 'bots.addKnowledgeBases'(client) {
      const { id } = await client.knowledgeBases.create({ name: 'Second' });
      assert.deepEqual((await client.bots.addKnowledgeBases('bot_demo', [id])).knowledgeBaseIds, ['kb_shop', id]);
    },
    async 'bots.removeKnowledgeBases'(client) {
      assert.deepEqual((await client.bots.removeKnowledgeBases('bot_demo', ['kb_shop'])).knowledgeBaseIds, []);
    },
    async 'bots.duplicate'(client) {
      const bot = await client.bots.create({ name: 'Original', type: 'ai' });
      const copy = await client.bots.duplicate(bot.id, 'Copy');
      assert.deepEqual([copy.name, copy.status], ['Copy', 'draft']);
      assert.notEqual(copy.id, bot.id);
      assert.ok((await client.bots.duplicate(bot.id)).name);
    },
    async 'bots.stats'(client) {
      assert.equal(typeof (await client.bots.stats('bot_demo', 'week')).conversationsHandled, 'number');
    },

    async 'ai.create'(client) {
      const done = await client.ai.create({ messages: user(question), knowledgeBaseIds: ['kb_shop'], model: 'm1' });
      assert.ok(done.text.length > 0);
      assert.deepEqual([done.model, done.finishReason], ['m1', 'stop']);
      assert.deepEqual(done.message, { role: 'assistant', content: done.text });
      assert.ok((done.usage?.totalTokens ?? 0) > 0 && done.id);
    },
    async 'ai.complete'(client) {
      const done = await client.ai.complete(question, {
        knowledgeBaseIds: ['kb_shop'],
        temperature: 0.1,
        maxTokens: 50,
      });
      assert.match(done.text, /water/i);
    },
    async 'ai.chat'(client) {
      const messages = [
        { role: 'system', content: 'Ferns want water every day.' },
        ...user('How often do ferns want water?'),
      ];
      assert.match((await client.ai.chat(messages)).text, /every day/);
    },
    async 'ai.stream'(client) {
      const input = { messages: user(question), knowledgeBaseIds: ['kb_shop'] };
      const chunks = await all(client.ai.stream(input));
      assert.equal(chunks.map(({ delta }) => delta).join(''), (await client.ai.create(input)).text);
    },
    async 'ai.embed'(client) {
      const vector = await client.ai.embed('fern');
      assert.ok(vector.length > 10 && vector.every(Number.isFinite));
      assert.deepEqual(await client.ai.embed('fern'), vector);
    },
    async 'ai.embedAll'(client) {
      const { vectors, dimension, model, usage } = await client.ai.embedAll(['fern', 'coffee', 'fern'], 'm2');
      assert.deepEqual([vectors.length, vectors[0]?.length, model], [3, dimension, 'm2']);
      assert.deepEqual(vectors[0], vectors[2]);
      assert.notDeepEqual(vectors[0], vectors[1]);
      assert.deepEqual(vectors[1], await client.ai.embed('coffee'));
      assert.ok((usage?.totalTokens ?? 0) > 0);
    },
    async 'ai.agents.list'(client) {
      assert.deepEqual(ids((await client.ai.agents.list()).items), ['agent_demo']);
    },
    async 'ai.agents.each'(client) {
      assert.deepEqual(ids(await all(client.ai.agents.each())), ['agent_demo']);
    },
    async 'ai.agents.get'(client) {
      const agent = await client.ai.agents.get('agent_demo');
      assert.deepEqual([agent.name, agent.status, agent.model], ['Shop assistant', 'active', 'sandbox-model']);
    },
    async 'users.list'(client) {
      await unsupportedHere(client.users.list());
    },
    async 'messageTemplates.list'(client) {
      await unsupportedHere(client.messageTemplates.list());
    },
    async 'ai.providers'(client) {
      await unsupportedHere(client.ai.providers());
    },
    async 'ai.classifyIntent'(client) {
      await unsupportedHere(client.ai.classifyIntent('Where is my order?'));
    },
    async 'ai.analyzeSentiment'(client) {
      await unsupportedHere(client.ai.analyzeSentiment('Thank you!'));
    },
    async 'ai.agents.create'(client) {
      const made = await client.ai.agents.create({
        name: 'A',
        model: 'm',
        systemPrompt: 'p',
        knowledgeBaseIds: ['kb_shop'],
      });
      assert.deepEqual([made.name, made.knowledgeBaseIds], ['A', ['kb_shop']]);
    },
    async 'ai.agents.update'(client) {
      assert.equal((await client.ai.agents.update('agent_demo', { temperature: 0.2 })).temperature, 0.2);
    },
    async 'ai.agents.remove'(client) {
      await client.ai.agents.remove('agent_demo');
      assert.equal((await failing(client.ai.agents.get('agent_demo'))).code, 'not_found');
    },
    async 'ai.agents.addKnowledgeBases'(client) {
      const agent = await client.ai.agents.create({ name: 'A', model: 'm' });
      const { knowledgeBaseIds } = await client.ai.agents.addKnowledgeBases(agent.id, ['kb_shop']);
      assert.deepEqual(knowledgeBaseIds, ['kb_shop']);
    },
    async 'ai.agents.removeKnowledgeBases'(client) {
      const agent = await client.ai.agents.create({ name: 'A', model: 'm', knowledgeBaseIds: ['kb_shop'] });
      const { knowledgeBaseIds } = await client.ai.agents.removeKnowledgeBases(agent.id, ['kb_shop']);
      assert.deepEqual(knowledgeBaseIds, []);
    },
    async 'ai.agents.duplicate'(client) {
      const copy = await client.ai.agents.duplicate('agent_demo', 'Copy');
      assert.equal(copy.name, 'Copy');
      assert.notEqual(copy.id, 'agent_demo');
    },
    async 'ai.agents.invoke'(client) {
      const answer = await client.ai.agents.invoke('agent_demo', { message: question, context: { plan: 'a' } });
      assert.match(answer.text, /water/i);
      assert.ok(answer.conversationId && (answer.usage?.totalTokens ?? 0) > 0);
      const inside = await client.ai.agents.invoke('agent_demo', { message: question, conversationId: 'conv_ana' });
      assert.equal(inside.conversationId, 'conv_ana');
    },

    async 'ai.agents.invokeStream'(client) {
      const asked = { message: question, context: { plan: 'a' } };
      const chunks = await all(client.ai.agents.invokeStream('agent_demo', asked));
      assert.ok(chunks.length > 3);
      const { text } = await client.ai.agents.invoke('agent_demo', asked);
      assert.equal(chunks.map(({ delta }) => delta).join(''), text);
      assert.equal(chunks.at(-1)?.finishReason, 'stop');
    },

    async 'knowledgeBases.list'(client) {
      assert.deepEqual(ids((await client.knowledgeBases.list()).items), ['kb_shop']);
    },
    async 'knowledgeBases.each'(client) {
      assert.deepEqual(ids(await all(client.knowledgeBases.each())), ['kb_shop']);
    },
    async 'knowledgeBases.get'(client) {
      const base = await client.knowledgeBases.get('kb_shop');
      assert.equal(base.id, 'kb_shop');
      assert.ok(base.name && base.status);
    },
    async 'knowledgeBases.create'(client) {
      const made = await client.knowledgeBases.create({ name: 'Second', chunkSize: 50 });
      assert.deepEqual([made.name, made.status, made.chunkSize], ['Second', 'empty', 50]);
    },
    async 'knowledgeBases.update'(client) {
      assert.equal((await client.knowledgeBases.update('kb_shop', { name: 'New' })).name, 'New');
    },
    async 'knowledgeBases.remove'(client) {
      await client.knowledgeBases.remove('kb_shop');
      assert.equal((await client.knowledgeBases.list()).total, 0);
    },
    async 'knowledgeBases.query'(client) {
      const found = await client.knowledgeBases.query({ base: 'kb_shop', query: question, topK: 2 });
      assert.deepEqual([found.query, found.chunks.length], [question, 2]);
      const [best, second] = found.chunks;
      assert.ok(best?.id && best.documentId && best.title && best.content && best.score >= (second?.score ?? 0));
      const strict = await client.knowledgeBases.query({ base: 'kb_shop', query: question, minScore: best.score });
      assert.ok(strict.chunks.length >= 1 && strict.chunks.every(({ score }) => score >= best.score));
      const filter = { documentId: second?.documentId };
      const filtered = await client.knowledgeBases.query({ base: 'kb_shop', query: question, filter });
      assert.ok(filtered.chunks.every(({ documentId }) => documentId === second?.documentId));
    },
    async 'knowledgeBases.reprocess'(client) {
      assert.equal((await client.knowledgeBases.reprocess('kb_shop')).id, 'kb_shop');
    },
    async 'knowledgeBases.reprocessDocument'(client) {
      const { items } = await client.knowledgeBases.documents('kb_shop');
      const id = String(items[0]?.id);
      assert.equal((await client.knowledgeBases.reprocessDocument('kb_shop', id)).id, id);
      await failing(client.knowledgeBases.reprocessDocument('kb_shop', 'nothing'));
    },
    async 'knowledgeBases.chunks'(client) {
      const { items } = await client.knowledgeBases.documents('kb_shop');
      const chunks = await client.knowledgeBases.chunks('kb_shop', String(items[0]?.id));
      assert.ok(chunks.length > 0);
      for (const [index, chunk] of chunks.entries()) {
        assert.equal(chunk.index, index);
        assert.ok(String(chunk.content).length > 0);
      }
    },
    async 'knowledgeBases.stats'(client) {
      assert.ok(Number((await client.knowledgeBases.stats('kb_shop')).documentCount) > 1);
    },
    async 'knowledgeBases.documents'(client) {
      const { items, total } = await client.knowledgeBases.documents('kb_shop', { limit: 100 });
      assert.equal(items.length, total);
      assert.ok(items.every(({ name, status }) => name && status === 'completed'));
    },
    async 'knowledgeBases.document'(client) {
      const [first] = (await client.knowledgeBases.documents('kb_shop')).items;
      assert.equal((await client.knowledgeBases.document('kb_shop', String(first?.id))).name, first?.name);
    },
    async 'knowledgeBases.addDocument'(client) {
      const text = 'Our zeppelin leaves at nine.';
      const input = { name: 'Trips', type: 'txt', content: text, metadata: { year: 2026 } };
      const made = await client.knowledgeBases.addDocument('kb_shop', input);
      assert.deepEqual(
        [made.name, made.status, made.content, made.metadata],
        ['Trips', 'completed', text, { year: 2026 }],
      );
      const { chunks } = await client.knowledgeBases.query({ base: 'kb_shop', query: 'When does the zeppelin leave?' });
      assert.deepEqual([chunks[0]?.documentId, chunks[0]?.title], [made.id, 'Trips']);
      const fetched = await client.knowledgeBases.addDocument('kb_shop', {
        name: 'Site',
        sourceUrl: 'https://x.test/',
      });
      assert.equal(fetched.sourceUrl, 'https://x.test/');
    },
    async 'knowledgeBases.uploadDocument'(client) {
      const text = 'Olá 👋, the submarine “Näme” dives at ten.\r\n\u0000--boundary\r\n';
      const made = await client.knowledgeBases.uploadDocument('kb_shop', {
        file: Buffer.from(text),
        filename: 'relatório "1".md',
        mimeType: 'text/markdown',
        name: 'Submarine',
        metadata: { tags: ['a', 'ü'] },
      });
      assert.deepEqual([made.name, made.type], ['Submarine', 'markdown']);
      const stored = await client.knowledgeBases.document('kb_shop', made.id);
      assert.deepEqual([stored.content, stored.metadata], [text, { tags: ['a', 'ü'] }]);
      // What is not said is not sent; the server works it out.
      const bare = { file: Buffer.from('x,y\n1,2'), filename: 'b.csv' } as never;
      const other = await client.knowledgeBases.uploadDocument('kb_shop', bare);
      assert.deepEqual([other.name, other.type], ['b.csv', 'csv']);
      const pdf = { file: Buffer.from('%PDF'), filename: 'c.pdf', name: 'C', type: 'pdf' };
      assert.equal((await failing(client.knowledgeBases.uploadDocument('kb_shop', pdf))).code, 'validation');
    },

    async 'media.upload'(client) {
      const file = Buffer.from('a;ü\r\n');
      const made = await client.media.upload({
        file,
        filename: 'relatório "1".csv',
        mimeType: 'text/csv',
        type: 'document',
      });
      assert.ok(Date.parse(made.expiresAt ?? '') > Date.now());
      const { data, mimeType } = await client.download(made.url, 1000);
      assert.deepEqual([data, mimeType], [file, 'text/csv']);
      const unknown = { file, filename: 'a', mimeType: 'text/csv', type: 'poem' };
      assert.equal((await failing(client.media.upload(unknown))).code, 'validation');
    },
    async 'knowledgeBases.eachDocument'(client) {
      const names = (await all(client.knowledgeBases.eachDocument('kb_shop', { limit: 2 }))).map(({ name }) => name);
      const { items, total } = await client.knowledgeBases.documents('kb_shop', { limit: 100 });
      assert.deepEqual([names.length, new Set(names).size], [total, total]);
      assert.ok(items.every(({ name }) => names.includes(name)));
    },
    async 'knowledgeBases.updateDocument'(client) {
      const [first] = (await client.knowledgeBases.documents('kb_shop')).items;
      const changed = await client.knowledgeBases.updateDocument('kb_shop', String(first?.id), {
        content: 'Zeppelins.',
      });
      assert.deepEqual([changed.id, changed.name, changed.content], [first?.id, first?.name, 'Zeppelins.']);
    },
    async 'knowledgeBases.removeDocument'(client) {
      const [first] = (await client.knowledgeBases.documents('kb_shop')).items;
      const id = String(first?.id);
      assert.equal(await client.knowledgeBases.removeDocument('kb_shop', id), undefined);
      assert.equal((await failing(client.knowledgeBases.document('kb_shop', id))).code, 'not_found');
    },

    async 'flows.list'(client) {
      assert.deepEqual(ids((await client.flows.list()).items), ['flow_demo']);
    },
    async 'flows.each'(client) {
      assert.deepEqual(ids(await all(client.flows.each())), ['flow_demo']);
    },
    async 'flows.get'(client) {
      assert.deepEqual(
        [(await client.flows.get('flow_demo')).name, (await client.flows.get('flow_demo')).status],
        ['Greeting', 'active'],
      );
    },
    async 'flows.create'(client) {
      const nodes = [
        { id: 'start', type: 'start' },
        { id: 'end', type: 'end' },
      ];
      const made = await client.flows.create({ name: 'F', nodes, edges: [{ source: 'start', target: 'end' }] });
      assert.deepEqual([made.name, made.status], ['F', 'draft']);
    },
    async 'flows.update'(client) {
      assert.equal((await client.flows.update('flow_demo', { name: 'Hello' })).name, 'Hello');
    },
    async 'flows.remove'(client) {
      await client.flows.remove('flow_demo');
      assert.equal((await client.flows.list()).total, 0);
    },
    async 'flows.activate'(client) {
      await client.flows.deactivate('flow_demo');
      assert.equal((await client.flows.activate('flow_demo')).status, 'active');
    },
    async 'flows.deactivate'(client) {
      assert.equal((await client.flows.deactivate('flow_demo')).status, 'inactive');
    },
    async 'flows.execute'(client) {
      const input = { conversationId: 'conv_ana', variables: { a: 1 }, startNodeId: 'ask' };
      const execution = await client.flows.execute('flow_demo', input);
      assert.deepEqual(
        [execution.flowId, execution.conversationId, execution.status],
        ['flow_demo', 'conv_ana', 'waiting'],
      );
      assert.match(String((await client.conversations.messages('conv_ana')).items[0]?.text), /your name/);
    },
    async 'flows.executions'(client) {
      const { id } = await client.flows.execute('flow_demo', { conversationId: 'conv_ana' });
      assert.deepEqual(ids((await client.flows.executions('flow_demo')).items), [id]);
      assert.deepEqual(ids((await client.flows.executions('flow_demo', { status: 'waiting', limit: 5 })).items), [id]);
      assert.deepEqual((await client.flows.executions('flow_demo', { status: 'failed' })).items, []);
    },
    async 'flows.execution'(client) {
      const { id } = await client.flows.execute('flow_demo', { conversationId: 'conv_ana' });
      assert.equal((await client.flows.execution('flow_demo', id)).status, 'waiting');
    },
    async 'flows.duplicate'(client) {
      const { id } = await client.flows.create({ name: 'Original' });
      const copy = await client.flows.duplicate(id, 'Copy');
      assert.deepEqual([copy.name, copy.status], ['Copy', 'draft']);
      assert.notEqual(copy.id, id);
    },
    async 'flows.nodeTypes'(client) {
      const types = await client.flows.nodeTypes();
      assert.ok(types.length > 3);
      assert.ok(types.every(({ type }) => typeof type === 'string'));
    },
    async 'flows.validate'(client) {
      const { id } = await client.flows.create({ name: 'Empty' });
      const { valid, errors } = await client.flows.validate(id);
      assert.equal(typeof valid, 'boolean');
      assert.ok(Array.isArray(errors));
    },
    async 'flows.export'(client) {
      const { id } = await client.flows.create({ name: 'Carried' });
      assert.equal((await client.flows.export(id)).name, 'Carried');
    },
    async 'flows.import'(client) {
      const { id } = await client.flows.create({ name: 'Carried', description: 'All of it' });
      const again = await client.flows.import(await client.flows.export(id));
      assert.deepEqual([again.name, again.description], ['Carried', 'All of it']);
      assert.notEqual(again.id, id);
    },
    async 'flows.stats'(client) {
      const { id } = await client.flows.create({ name: 'Counted' });
      assert.equal(typeof (await client.flows.stats(id, 'week')), 'object');
    },
    async 'flows.cancel'(client) {
      const { id } = await client.flows.execute('flow_demo', { conversationId: 'conv_ana' });
      assert.equal((await client.flows.cancel('flow_demo', id)).status, 'cancelled');
    },

    async 'analytics.figures'(client) {
      const range = { startDate: '2020-01-01', endDate: '2100-01-01' };
      for (const what of [
        'dashboard',
        'conversations',
        'messages',
        'agents',
        'bots',
        'channels',
        'realtime',
      ] as const) {
        assert.ok(Object.keys(await client.analytics.figures(what)).length > 0, what);
        assert.ok(Object.keys(await client.analytics.figures(what, range)).length > 0, what);
      }
      const { conversations } = await client.analytics.figures('dashboard', range);
      assert.equal((conversations as { total: number }).total, 3);
      const none = await client.analytics.figures('dashboard', { startDate: '2001-01-01', endDate: '2001-01-02' });
      assert.equal((none.conversations as { total: number }).total, 0);
    },
    async 'analytics.report'(client) {
      const range = { startDate: '2020-01-01', endDate: '2100-01-01' };
      const report = await client.analytics.report({ type: 'conversations', range, groupBy: 'status' });
      assert.ok(Array.isArray(report.data) && report.data.length > 0);
      assert.match(String((await client.analytics.report({ type: 'messages', range, format: 'csv' })).url), /^http/);
    },
    async 'analytics.export'(client) {
      const { downloadUrl, expiresAt } = await client.analytics.export({ type: 'channels', format: 'csv' });
      assert.ok(Date.parse(String(expiresAt)) > Date.now());
      assert.match(await (await fetch(String(downloadUrl))).text(), /channelId/);
    },

    async 'vre.render'(client) {
      const data = { numero_pedido: 'X1', status_atual: 'entregue' };
      const input = {
        template: 'status_pedido',
        data,
        tenantId: 'tenant_demo',
        width: 400,
        scale: 2,
        format: 'png',
      } as const;
      const picture = await client.vre.render(input);
      assert.equal(picture.image?.subarray(1, 4).toString(), 'PNG');
      assert.deepEqual([picture.width, picture.format], [800, 'png']);
      assert.match(String(picture.caption), /X1/);
      assert.equal((await failing(client.vre.render({ ...input, data: {} }))).code, 'validation');
    },
    async 'vre.renderAndSend'(client) {
      const sent = await client.vre.renderAndSend({
        conversation: 'conv_ana',
        template: 'card_produto',
        data: { nome: 'Varanda', preco: 34, unidade: 'pc' },
        caption: 'Yours',
        followUpText: 'Want it?',
      });
      const message = await client.conversations.message('conv_ana', String(sent.messageId));
      assert.deepEqual(
        [message.contentType, message.media?.caption, message.media?.url],
        ['image', 'Yours', sent.imageUrl],
      );
      assert.equal((await client.conversations.messages('conv_ana')).items[0]?.text, 'Want it?');
    },
    async 'vre.templates'(client) {
      const templates = await client.vre.templates();
      assert.ok(ids(templates).includes('menu_opcoes'));
      assert.deepEqual(await client.vre.templates('tenant_demo'), templates);
    },
    async 'vre.preview'(client) {
      assert.equal((await client.vre.preview('menu_opcoes')).image?.subarray(1, 4).toString(), 'PNG');
      const own = await client.vre.preview('menu_opcoes', { titulo: 'T', opcoes: [{ label: 'A' }] });
      assert.ok((own.width ?? 0) > 0);
    },

    async 'webhooks.list'(client) {
      await client.webhooks.create({ url: 'http://127.0.0.1:9/', events: ['message.received'] });
      const [first] = (await client.webhooks.list()).items;
      assert.deepEqual(
        [first?.url, first?.events, first?.secret],
        ['http://127.0.0.1:9/', ['message.received'], undefined],
      );
    },
    async 'webhooks.each'(client) {
      for (const port of [7, 8, 9]) await client.webhooks.create({ url: `http://127.0.0.1:${port}/` });
      assert.equal((await all(client.webhooks.each({ limit: 1 }))).length, 3);
    },
    async 'webhooks.get'(client) {
      const { id } = await client.webhooks.create({ url: 'http://127.0.0.1:9/' });
      assert.equal((await client.webhooks.get(id)).url, 'http://127.0.0.1:9/');
    },
    async 'webhooks.create'(client) {
      const made = await client.webhooks.create({
        url: 'https://x.test/hook',
        description: 'D',
        headers: { 'X-A': 'b' },
      });
      assert.match(String(made.secret), /^whsec_/);
      assert.deepEqual(made.headers, { 'X-A': 'b' });
      assert.equal((await failing(client.webhooks.create({ url: 'ftp://x.test' }))).code, 'validation');
    },
    async 'webhooks.update'(client) {
      const { id } = await client.webhooks.create({ url: 'http://127.0.0.1:9/' });
      const changed = await client.webhooks.update(id, { events: ['contact.created'], status: 'inactive' });
      assert.deepEqual([changed.events, changed.status], [['contact.created'], 'inactive']);
    },
    async 'webhooks.remove'(client) {
      const { id } = await client.webhooks.create({ url: 'http://127.0.0.1:9/' });
      await client.webhooks.remove(id);
      assert.equal((await client.webhooks.list()).total, 0);
    },
    async 'webhooks.test'(client) {
      let heard: (asked: Asked) => void = () => {};
      const delivered = new Promise<Asked>((resolve) => {
        heard = resolve;
      });
      const receiver = await serve((asked, response) => {
        json(response, 200, {});
        heard(asked);
      });
      try {
        const { id, secret } = await client.webhooks.create({ url: receiver.url, scheme: 'timestamp' });
        assert.equal((await client.webhooks.test(id)).webhookId, id);
        const { body, headers } = await delivered;
        const signature = [String(headers['x-linktor-signature'])];
        const timestamp = [String(headers['x-linktor-timestamp'])];
        const verdict = verify({ body: Buffer.from(body), signature, timestamp, secrets: [String(secret)] });
        assert.deepEqual(verdict, { valid: true, scheme: 'timestamp', secretIndex: 0 });
        assert.match(body, /test\.ping/);
        await client.webhooks.test(id, 'message.received');
      } finally {
        await receiver.close();
      }
    },

    async request(client) {
      const { body, requestId } = await client.request({ path: '/conversations/conv_ana' });
      assert.equal((body as { id: string }).id, 'conv_ana');
      assert.ok(requestId);
      const query = { status: 'open', 'tags[]': ['question', 'x'], none: undefined };
      const listed = await client.request({ path: 'conversations?limit=1', query });
      assert.equal((listed.body as { pagination: { total: number } }).pagination.total, 1);
      const created = await client.request({ method: 'POST', path: '/contacts/', body: { name: 'Raw' } });
      assert.equal((created.body as { name: string }).name, 'Raw');
      const { id } = created.body as { id: string };
      const changed = await client.request({ method: 'PATCH', path: `/contacts/${id}`, body: { name: 'New' } });
      assert.equal((changed.body as { name: string }).name, 'New');
      assert.equal((await client.request({ method: 'DELETE', path: `/contacts/${id}` })).body, undefined);
      const missing = await failing(client.request({ path: `/contacts/${id}` }));
      assert.deepEqual([missing.code, missing.cause.serverCode], ['not_found', 'NOT_FOUND']);
      const facts: unknown[] = [];
      await client.request({ path: '/auth/me' }, { onAnswer: (one) => facts.push(one) });
      await client.with({ onAnswer: (one) => facts.push(one) }).request({ path: '/auth/me' });
      assert.equal(facts.length, 2);
    },
    async inTurn(client) {
      // It names its place before it is made.
      const later = client.inTurn('conv_ana', (seated) => seated.conversations.sendText('conv_ana', 'one'));
      const last = client.conversations.sendText('conv_ana', 'two');
      await Promise.all([later, last]);
      const { items } = await client.conversations.messages('conv_ana', { limit: 2 });
      assert.deepEqual(
        items.map(({ text }) => text),
        ['two', 'one'],
      );
    },
    async requestPage(client) {
      const page = await client.requestPage({ path: '/contacts' }, { limit: 2, page: 2 });
      assert.deepEqual([page.items.length, page.page, page.hasNext, page.total], [1, 2, false, 3]);
    },
    async download(client) {
      const { data, mimeType } = await client.download('data:text/plain,Hi', 10);
      assert.deepEqual([String(data), mimeType], ['Hi', 'text/plain']);
      const { downloadUrl } = await client.analytics.export({ type: 'channels', format: 'csv' });
      assert.match(String((await client.download(String(downloadUrl), 10_000)).data), /channelId/);
      // What is no file of the server gets no credentials: a customer would choose what is read.
      await assert.rejects(client.download('auth/me', 1000), /answered 401/);
    },
    async onLimit(client) {
      const until: number[] = [];
      const end = client.onLimit((time) => until.push(time));
      await box.control('/fail', { count: 1, status: 429, headers: { 'Retry-After': '0' } });
      await client.auth.me();
      end();
      await box.control('/fail', { count: 1, status: 429, headers: { 'Retry-After': '0' } });
      await client.auth.me();
      assert.equal(until.length, 1);
    },
    async with(client) {
      const scoped = client.with({ idempotencyKey: 'mine' });
      await scoped.conversations.sendText('conv_ana', 'x');
      await all(scoped.ai.stream({ messages: user('Hi') }));
      const keys = (await box.state()).requests.map(({ idempotencyKey }) => idempotencyKey);
      assert.deepEqual(keys, ['mine', 'mine']);
    },
    async contract(client) {
      assert.deepEqual(await client.contract(), { name: 'api', url: box.url });
    },
    async close(client) {
      const own = box.client();
      await own.auth.me();
      await own.close();
      assert.equal((await failing(own.auth.me())).code, 'unexpected');
      await client.auth.me();
      await client.close();
    },
  };

  it('is in this table', () => {
    assert.deepEqual(Object.keys(cases).sort(), methodsOf(box.client()));
  });

  for (const [name, check] of Object.entries(cases)) {
    it(name, async () => {
      const called = new Set<string>();
      await check(watched(box.client(), called));
      assert.ok(called.has(name), 'it was not called');
    });
  }

  it('filters its lists', async () => {
    const client = box.client();
    const { id: second } = await client.contacts.create({ name: 'Bia', tags: ['vip'] });
    const { id: hook } = await client.webhooks.create({ url: 'http://127.0.0.1:9/', events: [] });
    const filters: [string, () => Promise<{ items: { id: string }[] }>, string[]][] = [
      ['status', () => client.conversations.list({ status: 'resolved' }), ['conv_carla']],
      ['channel', () => client.conversations.list({ channelId: 'ch_webchat' }), ['conv_ana']],
      ['channel type', () => client.conversations.list({ channelType: 'webchat' }), ['conv_ana']],
      ['contact', () => client.conversations.list({ contactId: 'ct_bruno' }), ['conv_bruno']],
      ['assignee', () => client.conversations.list({ assignedTo: 'user_demo' }), ['conv_bruno']],
      ['priority', () => client.conversations.list({ priority: 'high' }), ['conv_bruno']],
      ['normal priority', () => client.conversations.list({ priority: 'normal' }), ['conv_ana', 'conv_carla']],
      ['tag', () => client.conversations.list({ tags: ['question'] }), ['conv_ana']],
      ['one of two tags', () => client.conversations.list({ tags: ['question', 'none'] }), ['conv_ana']],
      ['no tags', () => client.conversations.list({ tags: [], status: 'resolved' }), ['conv_carla']],
      ['words', () => client.conversations.list({ search: 'subscription' }), ['conv_carla']],
      [
        'order',
        () => client.conversations.list({ sortBy: 'createdAt', sortOrder: 'asc' }),
        ['conv_carla', 'conv_bruno', 'conv_ana'],
      ],
      ['all at once', () => client.conversations.list({ status: 'open', search: 'fern', limit: 1 }), ['conv_ana']],
      ['e-mail', () => client.contacts.list({ email: 'ANA@example.com' }), ['ct_ana']],
      ['phone', () => client.contacts.list({ phone: '+55 11 99999-0002' }), ['ct_bruno']],
      [
        'tags of contacts',
        () => client.contacts.list({ tags: ['vip', 'plants'], sortBy: 'name' }),
        ['ct_ana', second, 'ct_carla'],
      ],
      ['channel of contacts', () => client.contacts.list({ channelType: 'webchat' }), ['ct_ana']],
      ['order of contacts', () => client.contacts.list({ sortBy: 'name', sortOrder: 'desc', limit: 1 }), ['ct_carla']],
      ['type of channels', () => client.channels.list({ type: 'whatsapp' }), ['ch_whatsapp']],
      ['status of channels', () => client.channels.list({ status: 'inactive' }), []],
      ['words of channels', () => client.channels.list({ search: 'website' }), ['ch_webchat']],
      ['type of bots', () => client.bots.list({ type: 'flow' }), []],
      ['channel of bots', () => client.bots.list({ channelId: 'ch_webchat', status: 'active' }), ['bot_demo']],
      ['agents', () => client.ai.agents.list({ status: 'active', search: 'assist' }), ['agent_demo']],
      ['bases', () => client.knowledgeBases.list({ status: 'empty' }), []],
      ['documents', () => client.knowledgeBases.documents('kb_shop', { type: 'pdf' }), []],
      ['flows', () => client.flows.list({ status: 'draft' }), []],
      ['webhooks', () => client.webhooks.list({ status: 'active' }), [hook]],
    ];
    for (const [what, list, expected] of filters) assert.deepEqual(ids((await list()).items), expected, what);
    const none = (await client.contacts.list({ search: 'nobody at all' })) as object;
    assert.deepEqual(none, { items: [], hasNext: false, total: 0, page: 1, pageSize: 20 });
  });
});

describe('client: resources, against a server of our own', () => {
  const servers: Served[] = [];
  const clients: LinktorClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    for (const server of servers.splice(0)) await server.close();
  });
  const start = async (handler: Parameters<typeof serve>[0], settings: ClientSettings = {}, prefix = '') => {
    const server = await serve(handler);
    servers.push(server);
    const client = new LinktorClient({ baseUrl: server.url + prefix, apiKey: KEY, maxRetries: 0, ...settings });
    clients.push(client);
    return { server, client, lines: () => server.asked.map(({ method, url }) => `${method} ${url}`) };
  };
  const anything = {
    id: 'x',
    data: [],
    text: 'x',
    chunks: [],
    templates: [],
    image_url: 'u',
    response: 'x',
    status: 'x',
    identifiers: [{ channelType: 'sms', identifier: '+55' }],
  };

  describe('each', () => {
    const things = Array.from({ length: 23 }, (_, index) => ({ id: `t${index}`, conversationId: 'c', n: index }));
    type Answer = (query: URLSearchParams) => object;
    const slice = (from: number, size: number) => things.slice(from, from + size);
    const limitOf = (query: URLSearchParams) => Number(query.get('limit') ?? 20);
    const styles: Record<string, Answer> = {
      'by cursor': (query) => {
        const [at, size] = [Number(query.get('cursor') ?? 0), limitOf(query)];
        const more = at + size < things.length;
        return { data: slice(at, size), pagination: { hasMore: more, ...(more && { nextCursor: String(at + size) }) } };
      },
      'by cursor, flat': (query) => {
        const [at, size] = [Number(query.get('cursor') ?? 0), limitOf(query)];
        return { data: slice(at, size), nextCursor: at + size < things.length ? String(at + size) : null };
      },
      'by page': (query) => {
        const [page, size] = [Number(query.get('page') ?? 1), limitOf(query)];
        const pages = Math.ceil(things.length / size);
        return { data: slice((page - 1) * size, size), pagination: { page, limit: size, totalPages: pages } };
      },
      'by page, in an envelope': (query) => {
        const [page, size] = [Number(query.get('page') ?? 1), limitOf(query)];
        const meta = { page, page_size: size, total_items: things.length, has_next: page * size < things.length };
        return { success: true, data: slice((page - 1) * size, size), meta };
      },
      'by offset': (query) => {
        const [offset, limit] = [Number(query.get('offset') ?? 0), limitOf(query)];
        const pagination = { total: things.length, limit, offset, hasMore: offset + limit < things.length };
        return { data: slice(offset, limit), pagination };
      },
      'not at all': () => ({ data: things }),
      'not at all, as it is': () => things,
    };
    const walks: Record<string, (client: LinktorClient, limit: number) => AsyncGenerator<{ id: string }>> = {
      conversations: (client, limit) => client.conversations.each({ limit }),
      messages: (client, limit) => client.conversations.eachMessage('c', { limit }),
      contacts: (client, limit) => client.contacts.each({ limit }),
      'ai.agents': (client, limit) => client.ai.agents.each({ limit }),
    };
    for (const [style, answer] of Object.entries(styles)) {
      it(`gives everything once, in order, from a server that pages ${style}`, async () => {
        const { client, server } = await start((asked, response) =>
          json(response, 200, answer(new URL(asked.url, 'http://x').searchParams)),
        );
        for (const [what, walk] of Object.entries(walks)) {
          for (const limit of [1, 5, 23, 100]) {
            assert.deepEqual(ids(await all(walk(client, limit))), ids(things), `${what}, ${limit} a page`);
          }
        }
        for (const { url } of server.asked) {
          const query = new URL(url, 'http://x').searchParams;
          if (query.has('cursor')) assert.ok(!query.has('page') && !query.has('offset'), 'a cursor goes alone');
        }
      });
    }

    it('keeps its filters on every page, and asks for no more than is wanted', async () => {
      const answer = styles['by cursor'] ?? assert.fail();
      const { client, lines } = await start((asked, response) =>
        json(response, 200, answer(new URL(asked.url, 'http://x').searchParams)),
      );
      let count = 0;
      for await (const _ of client.conversations.each({ limit: 5, status: 'open', tags: ['a'] }))
        if (++count === 7) break;
      assert.equal(lines().length, 2);
      for (const line of lines()) assert.match(line, /status=open.*tags%5B%5D=a/);
    });
  });

  describe('ids', () => {
    /** Every call that has an id of the caller's in its path. */
    const byId: Record<string, (client: LinktorClient, id: string) => Promise<unknown>> = {
      'conversations.get': (client, id) => client.conversations.get(id),
      'conversations.update': (client, id) => client.conversations.update(id, {}),
      'conversations.assign': (client, id) => client.conversations.assign(id, 'u'),
      'conversations.unassign': (client, id) => client.conversations.unassign(id),
      'conversations.resolve': (client, id) => client.conversations.resolve(id),
      'conversations.reopen': (client, id) => client.conversations.reopen(id),
      'conversations.snooze': (client, id) => client.conversations.snooze(id),
      'conversations.addTags': (client, id) => client.conversations.addTags(id, ['a']),
      'conversations.removeTags': (client, id) => client.conversations.removeTags(id, ['a']),
      'conversations.markRead': (client, id) => client.conversations.markRead(id),
      'conversations.messages': (client, id) => client.conversations.messages(id),
      'conversations.eachMessage': (client, id) => client.conversations.eachMessage(id).next(),
      'conversations.message': (client, id) => client.conversations.message('c', id),
      'conversations.deleteMessage': (client, id) => client.conversations.deleteMessage(id),
      'conversations.send': (client, id) => client.conversations.send(id, { type: 'text', text: 'x' }),
      'conversations.sendRaw': (client, id) => client.conversations.sendRaw(id, {}),
      'conversations.sendText': (client, id) => client.conversations.sendText(id, 'x'),
      'contacts.get': (client, id) => client.contacts.get(id),
      'contacts.update': (client, id) => client.contacts.update(id, {}),
      'contacts.remove': (client, id) => client.contacts.remove(id),
      'contacts.conversations': (client, id) => client.contacts.conversations(id),
      'contacts.addIdentity': (client, id) =>
        client.contacts.addIdentity(id, { channelType: 'sms', identifier: '+55' }),
      'contacts.removeIdentity': (client, id) =>
        client.contacts.removeIdentity(id, { channelType: 'rcs', identifier: '+55' }),
      'contacts.addTags': (client, id) => client.contacts.addTags(id, ['a']),
      'contacts.removeTags': (client, id) => client.contacts.removeTags(id, ['a']),
      'channels.get': (client, id) => client.channels.get(id),
      'channels.update': (client, id) => client.channels.update(id, {}),
      'channels.remove': (client, id) => client.channels.remove(id),
      'channels.connect': (client, id) => client.channels.connect(id),
      'channels.disconnect': (client, id) => client.channels.disconnect(id),
      'channels.status': (client, id) => client.channels.status(id),
      'channels.capabilities': (client, id) => client.channels.capabilities(id),
      'channels.test': (client, id) => client.channels.test(id),
      'channels.stats': (client, id) => client.channels.stats(id),
      'channels.webhook': (client, id) => client.channels.webhook(id),
      'channels.renewWebhook': (client, id) => client.channels.renewWebhook(id),
      'bots.get': (client, id) => client.bots.get(id),
      'bots.update': (client, id) => client.bots.update(id, {}),
      'bots.remove': (client, id) => client.bots.remove(id),
      'bots.activate': (client, id) => client.bots.activate(id),
      'bots.deactivate': (client, id) => client.bots.deactivate(id),
      'bots.addChannels': (client, id) => client.bots.addChannels(id, ['a']),
      'bots.removeChannels': (client, id) => client.bots.removeChannels(id, ['a']),
      'bots.addKnowledgeBases': (client, id) => client.bots.addKnowledgeBases(id, ['a']),
      'bots.removeKnowledgeBases': (client, id) => client.bots.removeKnowledgeBases(id, ['a']),
      'bots.stats': (client, id) => client.bots.stats(id),
      'bots.duplicate': (client, id) => client.bots.duplicate(id),
      'ai.agents.get': (client, id) => client.ai.agents.get(id),
      'ai.agents.update': (client, id) => client.ai.agents.update(id, {}),
      'ai.agents.remove': (client, id) => client.ai.agents.remove(id),
      'ai.agents.invoke': (client, id) => client.ai.agents.invoke(id, { message: 'x' }),
      'ai.agents.invokeStream': (client, id) => client.ai.agents.invokeStream(id, { message: 'x' }).next(),
      'ai.agents.addKnowledgeBases': (client, id) => client.ai.agents.addKnowledgeBases(id, ['k']),
      'ai.agents.removeKnowledgeBases': (client, id) => client.ai.agents.removeKnowledgeBases(id, ['k']),
      'ai.agents.duplicate': (client, id) => client.ai.agents.duplicate(id),
      'knowledgeBases.get': (client, id) => client.knowledgeBases.get(id),
      'knowledgeBases.update': (client, id) => client.knowledgeBases.update(id, {}),
      'knowledgeBases.remove': (client, id) => client.knowledgeBases.remove(id),
      'knowledgeBases.query': (client, id) => client.knowledgeBases.query({ base: id, query: 'x' }),
      'knowledgeBases.stats': (client, id) => client.knowledgeBases.stats(id),
      'knowledgeBases.reprocess': (client, id) => client.knowledgeBases.reprocess(id),
      'knowledgeBases.reprocessDocument': (client, id) => client.knowledgeBases.reprocessDocument(id, id),
      'knowledgeBases.chunks': (client, id) => client.knowledgeBases.chunks(id, id),
      'knowledgeBases.documents': (client, id) => client.knowledgeBases.documents(id),
      'knowledgeBases.document': (client, id) => client.knowledgeBases.document('b', id),
      'knowledgeBases.addDocument': (client, id) => client.knowledgeBases.addDocument(id, { name: 'x' }),
      'knowledgeBases.uploadDocument': (client, id) =>
        client.knowledgeBases.uploadDocument(id, { file: Buffer.from('x'), filename: 'x', name: 'x' }),
      'knowledgeBases.eachDocument': (client, id) => client.knowledgeBases.eachDocument(id).next(),
      'knowledgeBases.updateDocument': (client, id) => client.knowledgeBases.updateDocument(id, id, { name: 'x' }),
      'knowledgeBases.removeDocument': (client, id) => client.knowledgeBases.removeDocument(id, id),
      'flows.get': (client, id) => client.flows.get(id),
      'flows.update': (client, id) => client.flows.update(id, {}),
      'flows.remove': (client, id) => client.flows.remove(id),
      'flows.activate': (client, id) => client.flows.activate(id),
      'flows.deactivate': (client, id) => client.flows.deactivate(id),
      'flows.execute': (client, id) => client.flows.execute(id, { conversationId: 'c' }),
      'flows.executions': (client, id) => client.flows.executions(id),
      'flows.execution': (client, id) => client.flows.execution('f', id),
      'flows.cancel': (client, id) => client.flows.cancel(id, id),
      'flows.duplicate': (client, id) => client.flows.duplicate(id),
      'flows.validate': (client, id) => client.flows.validate(id),
      'flows.export': (client, id) => client.flows.export(id),
      'flows.stats': (client, id) => client.flows.stats(id),
      'vre.preview': (client, id) => client.vre.preview(id),
      'webhooks.get': (client, id) => client.webhooks.get(id),
      'webhooks.update': (client, id) => client.webhooks.update(id, {}),
      'webhooks.remove': (client, id) => client.webhooks.remove(id),
      'webhooks.test': (client, id) => client.webhooks.test(id),
    };
    const odd = [
      'a b',
      'a/b',
      'a?b=c',
      'a#b',
      'a&b',
      '%',
      '%2e%2e',
      '..;',
      '...',
      'a\\b',
      'ä💬',
      '\u0000\r\n',
      '"\'<>',
      '+',
      '@:',
    ];

    it('are encoded, whatever is in them, in every call', async () => {
      const { server, client } = await start((_asked, response) => json(response, 200, anything), {}, '/api/v1');
      for (const [name, call] of Object.entries(byId)) {
        for (const id of odd) {
          server.asked.length = 0;
          await call(client, id);
          const [{ url } = assert.fail(`${name} asked nothing`)] = server.asked;
          assert.match(url, /^\/api\/v1\/[!-~]+$/, name);
          const segments = (url.split('?')[0] ?? '').split('/').map(decodeURIComponent);
          assert.ok(segments.includes(id), `${name}: ${url}`);
        }
      }
    });

    it('that lead elsewhere are refused, in every call', async () => {
      const { server, client } = await start((_asked, response) => json(response, 200, anything));
      for (const [name, call] of Object.entries(byId)) {
        for (const id of ['', '.', '..', '\ud800']) {
          const error = await failing(() => call(client, id));
          assert.deepEqual(
            [error.code, error.cause.retryable, error.cause.ambiguous],
            ['validation', false, false],
            name,
          );
        }
      }
      assert.deepEqual(server.asked, []);
    });

    it('are those of every method that takes one', () => {
      const others =
        /^(auth|ai\.\w+$|analytics|vre\.(render|renderAndSend|templates)$|\w+$)|\.(list|latest|each|create|search|merge|counts|import|nodeTypes|upload)$/;
      // These are of the self-hosted server alone: here nothing is asked.
      const lacking = /\.(escalate|react)$/;
      const forgotten = methodsOf(new LinktorClient({ apiKey: KEY })).filter(
        (name) => !others.test(name) && !lacking.test(name) && !byId[name],
      );
      assert.deepEqual(forgotten, []);
    });
  });

  it('sends several tags as one parameter each, and one of them in the words of the other family, too', async () => {
    const { client, lines } = await start((_asked, response) => json(response, 200, { data: [] }));
    await client.conversations.list({ tags: ['a', 'b c', 'ü&'] });
    await client.contacts.list({ tags: ['a', 'b'] });
    await client.contacts.list({ tags: ['a'] });
    await client.contacts.list({ tags: [] });
    const queries = lines().map((line) => decodeURIComponent(line.split('?')[1] ?? ''));
    assert.deepEqual(queries, ['tags[]=a&tags[]=b c&tags[]=ü&', 'tags[]=a&tags[]=b', 'tags[]=a&tag=a', '']);
    assert.match(lines()[0] ?? '', /tags%5B%5D=%C3%BC%26$/);
  });

  it('removes by DELETE with a body, and updates by PATCH', async () => {
    const { server, client } = await start((_asked, response) => json(response, 200, anything));
    await client.conversations.removeTags('c', ['a']);
    await client.bots.removeChannels('b', ['ch']);
    await client.bots.removeKnowledgeBases('b', ['kb']);
    await client.flows.deactivate('f');
    await client.bots.activate('b');
    await client.conversations.assign('c', 'u');
    await client.contacts.merge('a', ['b']);
    assert.deepEqual(
      server.asked.map(({ method, url, body }) => [method, url, JSON.parse(body) as unknown]),
      [
        ['DELETE', '/conversations/c/tags', { tags: ['a'] }],
        ['DELETE', '/bots/b/channels', { channelIds: ['ch'] }],
        ['DELETE', '/bots/b/knowledge-bases', { knowledgeBaseIds: ['kb'] }],
        ['PATCH', '/flows/f', { status: 'inactive' }],
        ['PATCH', '/bots/b', { status: 'active' }],
        ['POST', '/conversations/c/assign', { agentId: 'u', userId: 'u' }],
        [
          'POST',
          '/contacts/merge',
          {
            primaryContactId: 'a',
            secondaryContactIds: ['b'],
            contactIdsToMerge: ['b'],
            primaryId: 'a',
            secondaryIds: ['b'],
          },
        ],
      ],
    );
  });

  describe('resolve and reopen', () => {
    const actions = [
      ['resolve', 'resolved'],
      ['reopen', 'open'],
    ] as const;
    for (const [action, status] of actions) {
      for (const missing of [404, 405]) {
        it(`${action} sets the status where there is no route for it (${missing}), and remembers`, async () => {
          const { server, client, lines } = await start(({ method, body }, response) => {
            if (method === 'POST')
              response.writeHead(missing, { 'Content-Type': 'text/plain' }).end('404 page not found');
            else json(response, 200, { id: 'c', ...(JSON.parse(body) as object) });
          });
          assert.equal((await client.conversations[action]('c')).status, status);
          assert.equal((await client.with({}).conversations[action]('d')).status, status);
          assert.deepEqual(lines(), [
            `POST /conversations/c/${action}`,
            'PATCH /conversations/c',
            'PATCH /conversations/d',
          ]);
          assert.deepEqual(JSON.parse(server.asked[1]?.body ?? ''), { status });
          // The one says nothing about the other.
          const [other] = actions.find(([name]) => name !== action) ?? assert.fail();
          await client.conversations[other]('c');
          assert.equal(lines()[3], `POST /conversations/c/${other}`);
        });
      }

      it(`${action} of a conversation that is not there is not found, and teaches nothing`, async () => {
        const { client, lines } = await start((_asked, response) => json(response, 404, { code: 'NOT_FOUND' }));
        for (let count = 0; count < 2; count++) {
          assert.equal((await failing(client.conversations[action]('c'))).code, 'not_found');
        }
        assert.deepEqual(
          lines().map((line) => line.split(' ')[0]),
          ['POST', 'PATCH', 'POST', 'PATCH'],
        );
      });

      it(`${action} that is refused otherwise is not tried otherwise`, async () => {
        for (const refusal of [400, 401, 403, 409, 422, 500]) {
          const { client, lines } = await start((_asked, response) => json(response, refusal, {}));
          const error = await failing(client.conversations[action]('c'));
          assert.equal(error.cause.status, refusal);
          assert.deepEqual(lines(), [`POST /conversations/c/${action}`]);
        }
      });
    }
  });

  describe('request', () => {
    it('refuses every path that leads elsewhere', async () => {
      const { server, client } = await start((_asked, response) => json(response, 200, {}), {}, '/api');
      const paths = [
        'https://evil.test/x',
        'HTTP://evil.test',
        ' https://evil.test',
        'file:///etc/passwd',
        'javascript:alert(1)',
        '//evil.test/x',
        ' //evil.test/x',
        '/\\evil.test',
        '\\\\evil.test',
        'a\\b',
        '/..',
        '..',
        '/../admin',
        '/a/../../admin',
        '/a/./b',
        '/%2e%2e/admin',
        '/%2E./admin',
        '/a/%2e/b',
        '/a#b',
        '/%',
        '/%zz',
        '/%ff',
        // An id that came to nothing would make it another call.
        '/a//b',
      ];
      for (const path of paths) {
        const error = await failing(() => client.request({ path }));
        assert.deepEqual([error.code, error.cause.ambiguous], ['validation', false], path);
      }
      assert.deepEqual(server.asked, []);
    });

    it('leads everything else below the Server URL', async () => {
      const { client, lines } = await start((_asked, response) => json(response, 200, {}), {}, '/api/v1');
      const paths: [string, string][] = [
        ['', '/api/v1'],
        ['/', '/api/v1'],
        ['health', '/api/v1/health'],
        ['/a/b', '/api/v1/a/b'],
        ['/a%2Fb', '/api/v1/a%2Fb'],
        ['/a b/ü', '/api/v1/a%20b/%C3%BC'],
        ['/@evil.test', '/api/v1/%40evil.test'],
        ['/a?x=1&y=%26', '/api/v1/a?x=1&y=%26'],
        ['/a?q=who?', '/api/v1/a?q=who%3F'],
        ['/a?tags[]=a&tags[]=b', '/api/v1/a?tags%5B%5D=a&tags%5B%5D=b'],
        ['/a?next=//evil.test', '/api/v1/a?next=%2F%2Fevil.test'],
      ];
      for (const [path] of paths) await client.request({ path });
      assert.deepEqual(
        lines(),
        paths.map(([, url]) => `GET ${url}`),
      );
    });

    it('joins both queries, and the one that is given apart wins', async () => {
      const { client, lines } = await start((_asked, response) => json(response, 200, {}));
      await client.request({ path: '/a?x=1&y=2', query: { y: 3, z: ['p', 'q'], none: undefined, no: null } });
      assert.deepEqual(lines(), ['GET /a?x=1&y=3&z=p&z=q']);
    });

    it('sends headers of its own, but not other credentials', async () => {
      const { server, client } = await start((_asked, response) => json(response, 200, {}));
      const headers = { 'X-Mine': 'm', 'x-api-key': 'other', 'X-API-KEY': 'another' };
      await client.request({ path: '/a', headers });
      assert.deepEqual([server.asked[0]?.headers['x-mine'], server.asked[0]?.headers['x-api-key']], ['m', KEY]);
    });

    it('is a read as GET, and a write as anything else', async () => {
      const { server, client } = await start((_asked, response) => json(response, 200, { a: 1 }));
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        const { body } = await client.request({ method, path: '/a', ...(method !== 'GET' && { body: { b: 2 } }) });
        assert.deepEqual(body, { a: 1 });
      }
      const keyed = server.asked.map(({ method, headers, body }) => [method, 'idempotency-key' in headers, body]);
      assert.deepEqual(keyed, [
        ['GET', false, ''],
        ['POST', true, '{"b":2}'],
        ['PUT', true, '{"b":2}'],
        ['PATCH', true, '{"b":2}'],
        ['DELETE', true, '{"b":2}'],
      ]);
    });

    it('hands on any JSON as it is, and an empty answer as nothing', async () => {
      const answers = ['', '7', 'null', '[1]', '{"success":true,"data":{"id":"x"}}', '"x"'];
      const { client } = await start((asked, response) => response.end(answers[Number(asked.url.slice(1))]));
      for (const [index, text] of answers.entries()) {
        const { body } = await client.request({ path: `/${index}` });
        assert.deepEqual(body, text === '' ? undefined : JSON.parse(text));
      }
    });
  });
});
