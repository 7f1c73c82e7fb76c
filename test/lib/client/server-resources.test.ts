import { strict as assert } from 'node:assert';
import type { LinktorClient } from '../../../lib/client/index';
import { methodsOf, watched } from '../methods';
import { type Bench, bench, failing, ours } from '../support';

const email = 'demo@linktor.local';
const password = 'sandbox';
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

async function all<T>(items: AsyncGenerator<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('client: every operation, against the self-hosted server', () => {
  let box: Bench;
  let client: LinktorClient;
  before(async () => {
    box = await bench({ contract: 'server', receipts: 'manual' });
  });
  after(() => box.close());
  beforeEach(async () => {
    await box.control('/reset');
    client = box.client({ contract: 'server', apiKey: undefined, email, password });
  });
  afterEach(() => client.close());

  const asked = async () => (await box.state()).requests.map(({ method, path }) => `${method} ${path}`);
  const question = 'How often should I water a fern?';
  const flow = {
    name: 'Hours',
    trigger: 'keyword',
    triggerValue: 'hours',
    startNodeId: 'n1',
    nodes: [{ id: 'n1', type: 'message', content: 'We open at nine.', transitions: [] }],
  };
  const robot = { name: 'Robo', type: 'ai', provider: 'ollama', model: 'llama3' };

  const cases: Record<string, (client: LinktorClient) => Promise<void>> = {
    async 'auth.login'(client) {
      const session = await client.auth.login(email, password);
      assert.deepEqual([session.expiresIn, session.user?.email], [900, email]);
      assert.ok(session.accessToken && session.refreshToken);
      assert.equal((await failing(client.auth.login(email, 'wrong password'))).code, 'authentication');
    },
    async 'auth.refresh'(client) {
      const before = await client.auth.login(email, password);
      const after = await client.auth.refresh(String(before.refreshToken));
      assert.notEqual(after.accessToken, before.accessToken);
      assert.notEqual(after.refreshToken, before.refreshToken);
      assert.equal((await failing(client.auth.refresh('none'))).code, 'authentication');
    },
    async 'auth.me'(client) {
      const me = await client.auth.me();
      assert.deepEqual([me.id, me.email, me.role, me.tenantId], ['user_demo', email, 'admin', 'tenant_demo']);
    },
    async 'auth.tenant'(client) {
      const tenant = await client.auth.tenant();
      assert.deepEqual(
        [tenant.id, typeof (tenant.limits as { maxUsers?: number }).maxUsers],
        ['tenant_demo', 'number'],
      );
    },
    async 'auth.updateProfile'(client) {
      await client.auth.updateProfile({ avatarUrl: 'https://x.test/a.png' });
      const me = await client.auth.updateProfile({ name: 'Zoë' });
      assert.deepEqual([me.name, me.avatarUrl], ['Zoë', 'https://x.test/a.png']);
      assert.equal((await failing(client.auth.updateProfile({ phone: '+5511' }))).code, 'not_supported');
    },
    async 'auth.changePassword'(client) {
      assert.equal(await client.auth.changePassword(password, 'a better one'), undefined);
      await client.auth.login(email, 'a better one');
      const before = (await asked()).length;
      assert.equal((await failing(client.auth.changePassword(password, 'and another'))).code, 'authentication');
      // It is the password that is wrong: no reason to sign in again.
      assert.deepEqual((await asked()).slice(before), ['PUT /api/v1/me/password']);
    },

    async 'conversations.list'(client) {
      const page = await client.conversations.list();
      assert.deepEqual(ids(page.items), ['conv_ana', 'conv_bruno', 'conv_carla']);
      assert.deepEqual([page.hasNext, page.truncated], [false, undefined]);
      assert.deepEqual(page.items.map(({ channelType, priority }) => [channelType, priority]).slice(0, 2), [
        ['webchat', 'normal'],
        ['whatsapp', 'high'],
      ]);
      const first = await client.conversations.list({ limit: 2 });
      assert.deepEqual([ids(first.items), first.hasNext], [['conv_ana', 'conv_bruno'], true]);
      const rest = await client.conversations.list({ limit: 2, page: 2 });
      assert.deepEqual([ids(rest.items), rest.hasNext, rest.truncated], [['conv_carla'], false, undefined]);
    },
    async 'conversations.latest'(client) {
      await box.control('/messages', { conversationId: 'conv_carla', text: 'Again' });
      await client.auth.me();
      const before = (await asked()).length;
      const page = await client.conversations.latest();
      assert.deepEqual(ids(page.items), ['conv_carla', 'conv_ana', 'conv_bruno']);
      assert.deepEqual((await asked()).slice(before), ['GET /api/v1/conversations']);
    },
    async 'conversations.each'(client) {
      assert.deepEqual(ids(await all(client.conversations.each({ limit: 1 }))), [
        'conv_ana',
        'conv_bruno',
        'conv_carla',
      ]);
      assert.deepEqual(ids(await all(client.conversations.each({ status: 'resolved' }))), ['conv_carla']);
    },
    async 'conversations.get'(client) {
      const bruno = await client.conversations.get('conv_bruno');
      assert.deepEqual(
        [bruno.channelId, bruno.channelType, bruno.contactId, bruno.status, bruno.priority, bruno.assignedTo],
        ['ch_whatsapp', 'whatsapp', 'ct_bruno', 'open', 'high', 'user_demo'],
      );
      assert.deepEqual([bruno.contact?.name, bruno.contact?.phone], ['Bruno Lima', '+5511999990002']);
      assert.ok(!Object.keys(bruno).some((key) => key.includes('_')));
      assert.equal((await failing(client.conversations.get('nothing'))).code, 'not_found');
    },
    async 'conversations.create'(client) {
      const made = await client.conversations.create({
        channelId: 'ch_whatsapp',
        contactId: 'ct_ana',
        subject: 'Ferns',
        priority: 'high',
      });
      const stored = await client.conversations.get(made.id);
      assert.deepEqual([stored.contactId, stored.subject, stored.priority], ['ct_ana', 'Ferns', 'high']);
      // It would be echoed, and lost.
      const lost = { channelId: 'ch_whatsapp', contactId: 'ct_ana', tags: ['a'] };
      assert.equal((await failing(client.conversations.create(lost))).code, 'not_supported');
    },
    async 'conversations.update'(client) {
      const changed = await client.conversations.update('conv_ana', { priority: 'urgent', assignedTo: 'user_demo' });
      const stored = await client.conversations.get('conv_ana');
      for (const one of [changed, stored]) {
        assert.deepEqual([one.priority, one.assignedTo, one.status], ['urgent', 'user_demo', 'open']);
      }
      assert.equal(stored.subject, 'A question about ferns');
      for (const changes of [{ metadata: { n: 1 } }, { tags: ['a'] }, { status: 'snoozed' }, { assignedTo: null }]) {
        assert.equal((await failing(client.conversations.update('conv_ana', changes))).code, 'not_supported');
      }
    },
    async 'conversations.assign'(client) {
      assert.equal((await client.conversations.assign('conv_ana', 'user_demo')).assignedTo, 'user_demo');
      assert.equal((await client.conversations.get('conv_ana')).assignedTo, 'user_demo');
    },
    async 'conversations.resolve'(client) {
      assert.equal((await client.conversations.resolve('conv_ana')).status, 'resolved');
      // The server refuses what is so already.
      assert.equal((await client.conversations.resolve('conv_ana')).status, 'resolved');
    },
    async 'conversations.reopen'(client) {
      assert.equal((await client.conversations.reopen('conv_carla')).status, 'open');
      assert.equal((await client.conversations.reopen('conv_carla')).status, 'open');
    },
    async 'conversations.escalate'(client) {
      const escalated = await client.conversations.escalate('conv_ana', { reason: 'angry', priority: 'urgent' });
      assert.equal(escalated.conversationId, 'conv_ana');
      assert.ok(['queued', 'assigned', 'already_assigned'].includes(String(escalated.status)));
      assert.ok(!Object.keys(escalated).some((key) => key.includes('_')));
    },
    async 'conversations.messages'(client) {
      const page = await client.conversations.messages('conv_ana');
      assert.deepEqual(ids(page.items), ['msg_ana_3', 'msg_ana_2', 'msg_ana_1']);
      assert.deepEqual([page.hasNext, page.truncated], [false, undefined]);
      assert.deepEqual(
        page.items.map(({ direction, senderType, contentType }) => `${direction} ${senderType} ${contentType}`),
        ['inbound contact text', 'outbound agent text', 'inbound contact text'],
      );
      for (const { updatedAt, conversationId } of page.items) assert.ok(updatedAt && conversationId === 'conv_ana');
      const marks: [object, string[]][] = [
        [{ before: 'msg_ana_3' }, ['msg_ana_2', 'msg_ana_1']],
        [{ after: 'msg_ana_2' }, ['msg_ana_3']],
        [{ after: 'msg_ana_1', before: 'msg_ana_3' }, ['msg_ana_2']],
        [{ after: page.items[2]?.createdAt, limit: 1, page: 2 }, ['msg_ana_2']],
        [{ before: page.items[1]?.createdAt }, ['msg_ana_1']],
        [{ limit: 1, page: 3 }, ['msg_ana_1']],
        [{ limit: 1, page: 4 }, []],
      ];
      for (const [filter, expected] of marks) {
        assert.deepEqual(ids((await client.conversations.messages('conv_ana', filter)).items), expected);
      }
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
      const sent = await client.conversations.send('conv_ana', {
        type: 'text',
        text: 'Olá 👋',
        metadata: { n: 1, deep: { a: [true] } },
        replyTo: 'msg_ana_3',
      });
      const stored = await client.conversations.message('conv_ana', sent.id);
      assert.deepEqual(
        [stored.text, stored.direction, stored.senderType, stored.status, stored.contentType],
        ['Olá 👋', 'outbound', 'agent', 'pending', 'text'],
      );
      assert.deepEqual(stored.metadata, { n: '1', deep: '{"a":[true]}', replyToId: 'msg_ana_3' });
    },
    async 'conversations.sendRaw'(client) {
      const sent = await client.conversations.sendRaw('conv_ana', { content_type: 'text', content: 'raw' });
      assert.deepEqual([sent.contentType, sent.text], ['text', 'raw']);
    },
    async 'conversations.sendText'(client) {
      const sent = await client.conversations.sendText('conv_ana', 'Hi');
      assert.deepEqual([sent.text, sent.direction, sent.metadata], ['Hi', 'outbound', undefined]);
      assert.equal((await client.conversations.messages('conv_ana')).items[0]?.id, sent.id);
    },
    async 'conversations.react'(client) {
      assert.equal(await client.conversations.react('conv_ana', 'msg_ana_1', '👍'), undefined);
      assert.equal(await client.conversations.react('conv_ana', 'msg_ana_1', ''), undefined);
    },

    async 'contacts.list'(client) {
      const page = await client.contacts.list({ limit: 2 });
      assert.deepEqual([page.items.length, page.hasNext, page.total], [2, true, 3]);
      assert.equal((await client.contacts.list({ limit: 2, page: 2 })).items.length, 1);
      const few: [object, string[]][] = [
        [{ email: 'ANA@example.com' }, ['ct_ana']],
        [{ phone: '+55 11 99999-0002' }, ['ct_bruno']],
        [{ tags: ['vip', 'none'] }, ['ct_ana']],
      ];
      for (const [filter, expected] of few)
        assert.deepEqual(ids(await all(client.contacts.each({ ...filter, limit: 1 }))), expected);
      assert.deepEqual((await client.contacts.list({ search: 'nobody at all' })).items, []);
    },
    async 'contacts.each'(client) {
      assert.equal(new Set(ids(await all(client.contacts.each({ limit: 1 })))).size, 3);
    },
    async 'contacts.get'(client) {
      const ana = await client.contacts.get('ct_ana');
      assert.deepEqual([ana.name, ana.email, ana.tags], ['Ana Souza', 'ana@example.com', ['vip']]);
      assert.deepEqual(
        [ana.identifiers[0]?.channelType, ana.identifiers[0]?.identifier],
        ['webchat', 'visitor_ct_ana'],
      );
    },
    async 'contacts.create'(client) {
      const made = await client.contacts.create({
        name: 'Bia',
        email: 'bia@x.test',
        customFields: { plan: 'a', age: 30 },
        identifiers: [{ channelType: 'email', identifier: 'bia@x.test' }],
      });
      const stored = await client.contacts.get(made.id);
      assert.deepEqual([stored.name, stored.customFields], ['Bia', { plan: 'a', age: '30' }]);
      assert.deepEqual(
        stored.identifiers.map(({ channelType, identifier }) => [channelType, identifier]),
        [['email', 'bia@x.test']],
      );
      assert.equal((await failing(client.contacts.create({ name: 'B', email: 'bia@x.test' }))).code, 'conflict');
      assert.equal((await failing(client.contacts.create({ name: 'B', externalId: 'x' }))).code, 'not_supported');
    },
    async 'contacts.update'(client) {
      const before = await client.contacts.get('ct_ana');
      const changed = await client.contacts.update('ct_ana', { name: 'Ana' });
      assert.deepEqual({ ...changed, updatedAt: before.updatedAt, name: before.name }, before);
      assert.equal((await client.contacts.update('ct_ana', { phone: null })).phone, undefined);
      // What was read may be handed back as it is.
      assert.equal((await client.contacts.update('ct_bruno', { tags: ['x'] })).email, 'bruno@example.com');
    },
    async 'contacts.remove'(client) {
      assert.equal(await client.contacts.remove('ct_ana'), undefined);
      assert.equal((await failing(client.contacts.get('ct_ana'))).code, 'not_found');
    },
    async 'contacts.search'(client) {
      assert.deepEqual(ids((await client.contacts.search('souza')).items), ['ct_ana']);
    },
    async 'contacts.conversations'(client) {
      assert.deepEqual(ids((await client.contacts.conversations('ct_ana')).items), ['conv_ana']);
    },
    async 'contacts.addTags'(client) {
      const ana = await client.contacts.addTags('ct_ana', ['new', 'vip']);
      assert.deepEqual([ana.tags, ana.email], [['vip', 'new'], 'ana@example.com']);
    },
    async 'contacts.removeTags'(client) {
      const ana = await client.contacts.removeTags('ct_ana', ['vip', 'none']);
      assert.deepEqual([ana.tags ?? [], ana.phone], [[], '+5511999990001']);
    },
    async 'contacts.addIdentity'(client) {
      const ana = await client.contacts.addIdentity('ct_ana', { channelType: 'telegram', identifier: '@ana' });
      assert.ok(
        ana.identifiers.some(({ channelType, identifier }) => `${channelType} ${identifier}` === 'telegram @ana'),
      );
    },
    async 'contacts.removeIdentity'(client) {
      const [identity = assert.fail()] = (await client.contacts.get('ct_ana')).identifiers;
      const ana = await client.contacts.removeIdentity('ct_ana', identity);
      assert.deepEqual([ana.identifiers, ana.name], [[], 'Ana Souza']);
    },

    async 'channels.list'(client) {
      assert.deepEqual(ids((await client.channels.list()).items).sort(), ['ch_webchat', 'ch_whatsapp']);
      assert.deepEqual(ids((await client.channels.list({ type: 'whatsapp', status: 'active' })).items), [
        'ch_whatsapp',
      ]);
      assert.deepEqual(ids((await client.channels.list({ search: 'WEBSITE' })).items), ['ch_webchat']);
    },
    async 'channels.each'(client) {
      assert.equal((await all(client.channels.each({ limit: 1 }))).length, 2);
    },
    async 'channels.get'(client) {
      const channel = await client.channels.get('ch_webchat');
      assert.deepEqual([channel.name, channel.type, channel.status], ['Website chat', 'webchat', 'active']);
    },
    async 'channels.create'(client) {
      const made = await client.channels.create({ name: 'Bot', type: 'telegram', config: { botUsername: 'b', n: 1 } });
      assert.deepEqual([made.name, made.status, made.config], ['Bot', 'inactive', { botUsername: 'b', n: '1' }]);
      assert.equal((await failing(client.channels.create({ name: 'B', metadata: {} }))).code, 'not_supported');
    },
    async 'channels.update'(client) {
      const before = await client.channels.get('ch_webchat');
      const changed = await client.channels.update('ch_webchat', { name: 'Chat' });
      assert.deepEqual({ ...changed, name: before.name, updatedAt: before.updatedAt }, before);
      const off = await client.channels.update('ch_webchat', { status: 'inactive' });
      assert.deepEqual([off.status, off.enabled, off.name], ['inactive', false, 'Chat']);
      const both = await client.channels.update('ch_webchat', { status: 'active', name: 'Talk' });
      assert.deepEqual([both.status, both.name], ['active', 'Talk']);
      assert.equal((await failing(client.channels.update('ch_webchat', { status: 'error' }))).code, 'not_supported');
    },
    async 'channels.remove'(client) {
      assert.equal(await client.channels.remove('ch_whatsapp'), undefined);
      assert.deepEqual(ids((await client.channels.list()).items), ['ch_webchat']);
    },
    async 'channels.connect'(client) {
      await client.channels.disconnect('ch_webchat');
      assert.equal((await client.channels.connect('ch_webchat')).status, 'active');
    },
    async 'channels.disconnect'(client) {
      const channel = await client.channels.disconnect('ch_webchat');
      assert.deepEqual(
        [channel.id, channel.status, channel.connectionStatus],
        ['ch_webchat', 'inactive', 'disconnected'],
      );
    },
    async 'channels.status'(client) {
      const status = await client.channels.status('ch_webchat');
      assert.deepEqual(status, { status: 'active', enabled: true, connectionStatus: 'connected' });
    },

    async 'bots.list'(client) {
      assert.deepEqual(ids((await client.bots.list()).items), ['bot_demo']);
      assert.deepEqual(ids((await client.bots.list({ search: 'no such bot' })).items), []);
      assert.deepEqual(ids((await client.bots.list({ channelId: 'ch_webchat' })).items), ['bot_demo']);
    },
    async 'bots.each'(client) {
      await client.bots.create(robot);
      assert.equal((await all(client.bots.each({ limit: 1 }))).length, 2);
    },
    async 'bots.get'(client) {
      const bot = await client.bots.get('bot_demo');
      assert.deepEqual([bot.id, bot.status, bot.channelIds], ['bot_demo', 'active', ['ch_webchat']]);
    },
    async 'bots.create'(client) {
      const config = { welcomeMessage: 'Hi', aiConfig: { model: 'llama3', systemPrompt: 'Be kind', temperature: 0.5 } };
      const { model: _model, ...rest } = robot;
      const made = await client.bots.create({ ...rest, config, channelIds: ['ch_whatsapp'] });
      const { config: stored, ...bot } = await client.bots.get(made.id);
      assert.deepEqual([bot.name, bot.type, bot.provider, bot.channelIds], ['Robo', 'ai', 'ollama', ['ch_whatsapp']]);
      const { welcomeMessage, aiConfig } = stored as { welcomeMessage: string; aiConfig: Record<string, unknown> };
      assert.deepEqual([welcomeMessage, aiConfig.systemPrompt, aiConfig.temperature], ['Hi', 'Be kind', 0.5]);
      assert.equal((await failing(client.bots.create({ name: 'B', type: 'ai' }))).code, 'validation');
    },
    async 'bots.update'(client) {
      const bot = await client.bots.update('bot_demo', { name: 'New', status: 'inactive', systemPrompt: 'Be short' });
      assert.deepEqual([bot.name, bot.status], ['New', 'inactive']);
      assert.deepEqual(bot.channelIds, ['ch_webchat']);
    },
    async 'bots.remove'(client) {
      assert.equal(await client.bots.remove('bot_demo'), undefined);
      assert.deepEqual((await client.bots.list()).items, []);
    },
    async 'bots.activate'(client) {
      await client.bots.deactivate('bot_demo');
      assert.equal((await client.bots.activate('bot_demo')).status, 'active');
    },
    async 'bots.deactivate'(client) {
      assert.equal((await client.bots.deactivate('bot_demo')).status, 'inactive');
    },
    async 'bots.addChannels'(client) {
      const bot = await client.bots.addChannels('bot_demo', ['ch_whatsapp', 'ch_webchat']);
      assert.deepEqual((bot.channelIds as string[]).sort(), ['ch_webchat', 'ch_whatsapp']);
    },
    async 'bots.removeChannels'(client) {
      assert.deepEqual((await client.bots.removeChannels('bot_demo', ['ch_webchat'])).channelIds, []);
    },
    async 'bots.addKnowledgeBases'(client) {
      const { id } = await client.bots.create(robot);
      const bot = await client.bots.addKnowledgeBases(id, ['kb_shop']);
      assert.deepEqual([bot.id, bot.knowledgeBaseIds], [id, ['kb_shop']]);
      const two = await failing(client.bots.addKnowledgeBases(id, ['kb_other']));
      assert.equal(two.code, 'not_supported');
    },

    async 'ai.create'(client) {
      const answer = await client.ai.create({
        model: 'ollama/llama3',
        messages: [{ role: 'user', content: question }],
      });
      assert.ok(answer.text.length > 0);
      assert.deepEqual([answer.message.role, answer.message.content], ['assistant', answer.text]);
      assert.equal(typeof answer.usage?.totalTokens, 'number');
      assert.equal((await failing(client.ai.create({ messages: [] }))).code, 'validation');
    },
    async 'ai.complete'(client) {
      assert.ok((await client.ai.complete(question, { model: 'gpt-4o', maxTokens: 20 })).text);
    },
    async 'ai.chat'(client) {
      assert.ok((await client.ai.chat([{ role: 'user', content: 'Hi' }], { provider: 'ollama', model: 'x' })).text);
    },
    async 'users.list'(client) {
      const { items } = await client.users.list();
      assert.deepEqual(
        items.map(({ id, name, role }) => [id, name, role]),
        [['user_demo', 'Demo User', 'admin']],
      );
      assert.equal((await client.users.list({ search: 'demo@' })).items.length, 1);
      assert.deepEqual((await client.users.list({ search: 'nobody' })).items, []);
    },
    async 'messageTemplates.list'(client) {
      const approved = await client.messageTemplates.list({ status: 'APPROVED' });
      const names = approved.items.map(({ name, language }) => `${name} ${language}`);
      assert.deepEqual(names, ['hello en', 'spring_sale en', 'order_update pt_BR', 'order_update en']);
      assert.deepEqual([approved.total, approved.hasNext], [4, false]);
      const [first] = approved.items;
      assert.deepEqual([first?.channelId, first?.components[0]?.type], ['ch_whatsapp', 'BODY']);
      const found = await client.messageTemplates.list({ search: 'ORDER', language: 'en', channelId: 'ch_whatsapp' });
      assert.deepEqual(ids(found.items), ['tpl_order']);
      // The server says of every page that it is the last one.
      const part = await client.messageTemplates.list({ limit: 2, page: 2 });
      assert.deepEqual([part.items.length, part.hasNext], [2, true]);
      assert.equal((await client.messageTemplates.list({ limit: 2, page: 3 })).hasNext, false);
    },
    async 'ai.providers'(client) {
      const providers = await client.ai.providers();
      const [openai] = providers.filter(({ name }) => name === 'openai');
      assert.deepEqual(openai?.models, ['sandbox-model', 'sandbox-model-large']);
      assert.deepEqual([openai?.available, openai?.defaultModel], [true, 'sandbox-model']);
    },
    async 'ai.classifyIntent'(client) {
      const intent = await client.ai.classifyIntent('Where is my order?', { intents: ['order', 'complaint'] });
      assert.equal(typeof intent.name, 'string');
      assert.equal(typeof intent.confidence, 'number');
    },
    async 'ai.analyzeSentiment'(client) {
      const { sentiment, confidence } = await client.ai.analyzeSentiment('Thank you, this is great!');
      assert.deepEqual([sentiment, typeof confidence], ['positive', 'number']);
    },

    async 'knowledgeBases.list'(client) {
      const { items } = await client.knowledgeBases.list();
      assert.deepEqual(ids(items), ['kb_shop']);
      assert.equal(typeof items[0]?.documentCount, 'number');
      assert.deepEqual((await client.knowledgeBases.list({ search: 'none such' })).items, []);
    },
    async 'knowledgeBases.each'(client) {
      await client.knowledgeBases.create({ name: 'Two' });
      assert.equal((await all(client.knowledgeBases.each({ limit: 1 }))).length, 2);
    },
    async 'knowledgeBases.get'(client) {
      assert.equal((await client.knowledgeBases.get('kb_shop')).id, 'kb_shop');
    },
    async 'knowledgeBases.create'(client) {
      const made = await client.knowledgeBases.create({ name: 'Two', description: 'More', chunkSize: 100 });
      assert.deepEqual([made.name, made.description, made.chunkSize], ['Two', 'More', 100]);
      assert.equal((await failing(client.knowledgeBases.create({ name: 'T', metadata: {} }))).code, 'not_supported');
    },
    async 'knowledgeBases.update'(client) {
      const { id } = await client.knowledgeBases.create({ name: 'Two', chunkSize: 100, chunkOverlap: 10 });
      const changed = await client.knowledgeBases.update(id, { chunkOverlap: 20 });
      assert.deepEqual([changed.name, changed.chunkSize, changed.chunkOverlap], ['Two', 100, 20]);
      assert.equal((await client.knowledgeBases.update(id, { name: 'Three' })).chunkSize, 100);
    },
    async 'knowledgeBases.remove'(client) {
      assert.equal(await client.knowledgeBases.remove('kb_shop'), undefined);
      assert.deepEqual((await client.knowledgeBases.list()).items, []);
    },
    async 'knowledgeBases.query'(client) {
      const { chunks, query } = await client.knowledgeBases.query({ base: 'kb_shop', query: 'fern', topK: 100 });
      assert.equal(query, 'fern');
      assert.ok(chunks.length > 0);
      for (const { documentId, content, score, title } of chunks) {
        assert.deepEqual([typeof documentId, content !== '', score, typeof title], ['string', true, 1, 'string']);
      }
      const none = await client.knowledgeBases.query({ base: 'kb_shop', query: 'zzzz qqqq' });
      assert.deepEqual(none.chunks, []);
      const filtered = client.knowledgeBases.query({ base: 'kb_shop', query: 'x', filter: { a: 1 } });
      assert.equal((await failing(filtered)).code, 'not_supported');
    },
    async 'knowledgeBases.documents'(client) {
      const page = await client.knowledgeBases.documents('kb_shop', { limit: 5 });
      assert.deepEqual([page.items.length, page.hasNext], [5, true]);
      assert.ok(page.items[0]?.name && page.items[0].content);
    },
    async 'knowledgeBases.document'(client) {
      const [first] = (await client.knowledgeBases.documents('kb_shop')).items;
      const found = await client.knowledgeBases.document('kb_shop', String(first?.id));
      assert.deepEqual([found.id, found.name], [first?.id, first?.name]);
    },
    async 'knowledgeBases.addDocument'(client) {
      const added = await client.knowledgeBases.addDocument('kb_shop', {
        name: 'Cactus?',
        content: 'Once a month.',
        metadata: { n: 1 },
      });
      assert.deepEqual(
        [added.name, added.content, added.status, added.metadata],
        ['Cactus?', 'Once a month.', 'completed', { n: '1' }],
      );
      const remote = client.knowledgeBases.addDocument('kb_shop', { name: 'x', sourceUrl: 'https://x.test' });
      assert.equal((await failing(remote)).code, 'not_supported');
      assert.equal((await failing(client.knowledgeBases.addDocument('kb_shop', { name: 'x' }))).code, 'validation');
    },
    async 'knowledgeBases.uploadDocument'(client) {
      const upload = (filename: string, file: string | Buffer) =>
        client.knowledgeBases.uploadDocument('kb_shop', { name: 'Prices', filename, file: Buffer.from(file) });
      const added = await upload('prices.md', '\ufeffCactus: 9');
      assert.deepEqual([added.name, added.content], ['Prices', 'Cactus: 9']);
      for (const [filename, file] of [
        ['a.pdf', '%PDF'],
        ['a.txt', 'a\0b'],
        ['a.txt', Buffer.from([0xff, 0xfe])],
      ] as const)
        assert.equal((await failing(upload(filename, file))).code, 'not_supported');
    },
    async 'knowledgeBases.eachDocument'(client) {
      const { id } = await client.knowledgeBases.addDocument('kb_shop', { name: 'Q', content: 'A' });
      const found = await all(client.knowledgeBases.eachDocument('kb_shop', { limit: 2 }));
      assert.equal(found.filter((one) => one.id === id).length, 1);
    },
    async 'knowledgeBases.updateDocument'(client) {
      const { id } = await client.knowledgeBases.addDocument('kb_shop', { name: 'Q', content: 'A' });
      const { name, content } = await client.knowledgeBases.updateDocument('kb_shop', id, { content: 'B' });
      assert.deepEqual([name, content], ['Q', 'B']);
    },
    async 'knowledgeBases.removeDocument'(client) {
      const { id } = await client.knowledgeBases.addDocument('kb_shop', { name: 'Q', content: 'A' });
      assert.equal(await client.knowledgeBases.removeDocument('kb_shop', id), undefined);
      ours(await failing(client.knowledgeBases.document('kb_shop', id)));
    },

    async 'flows.list'(client) {
      const { id } = await client.flows.create({ ...flow, status: 'active' });
      assert.ok(ids((await client.flows.list({ status: 'active' })).items).includes(id));
      assert.ok(!ids((await client.flows.list({ status: 'inactive' })).items).includes(id));
      assert.deepEqual(ids((await client.flows.list({ search: 'HOURS' })).items), [id]);
    },
    async 'flows.each'(client) {
      const { total } = await client.flows.list();
      await client.flows.create(flow);
      assert.equal((await all(client.flows.each({ limit: 1 }))).length, (total ?? 0) + 1);
    },
    async 'flows.get'(client) {
      const { id } = await client.flows.create(flow);
      const { name, trigger, triggerValue, startNodeId, nodes } = await client.flows.get(id);
      assert.deepEqual({ name, trigger, triggerValue, startNodeId, nodes: [] }, { ...flow, nodes: [] });
      assert.equal((nodes as unknown[]).length, 1);
    },
    async 'flows.create'(client) {
      assert.equal((await client.flows.create({ ...flow, status: 'inactive' })).status, 'inactive');
      assert.equal((await failing(client.flows.create({ ...flow, edges: [] }))).code, 'not_supported');
    },
    async 'flows.update'(client) {
      const { id } = await client.flows.create(flow);
      const changed = await client.flows.update(id, { name: 'Times', status: 'inactive' });
      assert.deepEqual([changed.name, changed.status, changed.triggerValue], ['Times', 'inactive', 'hours']);
    },
    async 'flows.remove'(client) {
      const { id } = await client.flows.create(flow);
      assert.equal(await client.flows.remove(id), undefined);
      ours(await failing(client.flows.get(id)));
    },
    async 'knowledgeBases.reprocess'(client) {
      const { id } = await client.knowledgeBases.create({ name: 'Anew', type: 'faq' });
      assert.equal((await client.knowledgeBases.reprocess(id)).id, id);
    },
    async 'flows.activate'(client) {
      const { id } = await client.flows.create(flow);
      await client.flows.deactivate(id);
      assert.equal((await client.flows.activate(id)).status, 'active');
    },
    async 'flows.deactivate'(client) {
      const { id } = await client.flows.create(flow);
      assert.equal((await client.flows.deactivate(id)).status, 'inactive');
    },

    async 'analytics.figures'(client) {
      const period = { startDate: '2020-01-01', endDate: '2099-01-01T12:00:00Z' };
      const dashboard = await client.analytics.figures('dashboard', period);
      assert.equal(typeof (dashboard.conversations as { total: number }).total, 'number');
      const { timeline } = await client.analytics.figures('conversations', period);
      assert.ok(Array.isArray(timeline));
      const { channels } = await client.analytics.figures('channels', { startDate: '2020-01-01' });
      assert.ok(Array.isArray(channels));
      assert.equal((await failing(client.analytics.figures('agents'))).code, 'not_supported');
      assert.equal(
        (await failing(client.analytics.figures('dashboard', { endDate: '2020-01-01' }))).code,
        'validation',
      );
    },

    async 'vre.render'(client) {
      const data = { titulo: 'Pedido', valor_total: 10, itens: [{ nome: 'Samambaia', preco: 10 }] };
      const made = await client.vre.render({ template: 'confirmacao', data, tenantId: 'tenant_demo', channel: 'web' });
      assert.ok(made.image && made.image.length > 0);
    },
    async 'vre.templates'(client) {
      assert.ok(ids(await client.vre.templates()).includes('card_produto'));
    },
    async 'vre.preview'(client) {
      assert.ok((await client.vre.preview('card_produto')).image);
      assert.ok((await client.vre.preview('card_produto', { nome: 'Vaso', preco: 5, unidade: 'un' })).image);
    },
  };

  const nothing: Record<string, (client: LinktorClient) => Promise<unknown>> = {
    'auth.logout': (client) => client.auth.logout(),
    'conversations.unassign': (client) => client.conversations.unassign('c'),
    'conversations.deleteMessage': (client) => client.conversations.deleteMessage('m'),
    'conversations.snooze': (client) => client.conversations.snooze('c'),
    'conversations.addTags': (client) => client.conversations.addTags('c', ['a']),
    'conversations.removeTags': (client) => client.conversations.removeTags('c', ['a']),
    'conversations.markRead': (client) => client.conversations.markRead('c'),
    'conversations.counts': (client) => client.conversations.counts(),
    'contacts.merge': (client) => client.contacts.merge('a', ['b']),
    'channels.capabilities': (client) => client.channels.capabilities('c'),
    'channels.test': (client) => client.channels.test('c'),
    'channels.stats': (client) => client.channels.stats('c'),
    'channels.webhook': (client) => client.channels.webhook('c'),
    'channels.renewWebhook': (client) => client.channels.renewWebhook('c'),
    'bots.duplicate': (client) => client.bots.duplicate('b'),
    'bots.removeKnowledgeBases': (client) => client.bots.removeKnowledgeBases('b', ['k']),
    'bots.stats': (client) => client.bots.stats('b'),
    'ai.stream': (client) => all(client.ai.stream({ messages: [] })),
    'ai.embed': (client) => client.ai.embed('x'),
    'ai.embedAll': (client) => client.ai.embedAll(['x']),
    'ai.agents.list': (client) => client.ai.agents.list(),
    'ai.agents.each': (client) => all(client.ai.agents.each()),
    'ai.agents.get': (client) => client.ai.agents.get('a'),
    'ai.agents.create': (client) => client.ai.agents.create({ name: 'A' }),
    'ai.agents.update': (client) => client.ai.agents.update('a', {}),
    'ai.agents.remove': (client) => client.ai.agents.remove('a'),
    'ai.agents.invoke': (client) => client.ai.agents.invoke('a', { message: 'x' }),
    'ai.agents.invokeStream': (client) => all(client.ai.agents.invokeStream('a', { message: 'x' })),
    'ai.agents.addKnowledgeBases': (client) => client.ai.agents.addKnowledgeBases('a', ['k']),
    'ai.agents.removeKnowledgeBases': (client) => client.ai.agents.removeKnowledgeBases('a', ['k']),
    'ai.agents.duplicate': (client) => client.ai.agents.duplicate('a'),
    'knowledgeBases.reprocessDocument': (client) => client.knowledgeBases.reprocessDocument('k', 'd'),
    'knowledgeBases.chunks': (client) => client.knowledgeBases.chunks('k', 'd'),
    'knowledgeBases.stats': (client) => client.knowledgeBases.stats('k'),
    'media.upload': (client) =>
      client.media.upload({ file: Buffer.from('a'), filename: 'a.txt', mimeType: 'text/plain', type: 'document' }),
    'flows.execute': (client) => client.flows.execute('f', { conversationId: 'c' }),
    'flows.executions': (client) => client.flows.executions('f'),
    'flows.execution': (client) => client.flows.execution('f', 'e'),
    'flows.cancel': (client) => client.flows.cancel('f', 'e'),
    'flows.duplicate': (client) => client.flows.duplicate('f'),
    'flows.nodeTypes': (client) => client.flows.nodeTypes(),
    'flows.validate': (client) => client.flows.validate('f'),
    'flows.export': (client) => client.flows.export('f'),
    'flows.import': (client) => client.flows.import({}),
    'flows.stats': (client) => client.flows.stats('f'),
    'analytics.report': (client) => client.analytics.report({}),
    'analytics.export': (client) => client.analytics.export({}),
    'vre.renderAndSend': (client) => client.vre.renderAndSend({ conversation: 'c', template: 't', data: {} }),
    'webhooks.list': (client) => client.webhooks.list(),
    'webhooks.each': (client) => all(client.webhooks.each()),
    'webhooks.get': (client) => client.webhooks.get('w'),
    'webhooks.create': (client) => client.webhooks.create({}),
    'webhooks.update': (client) => client.webhooks.update('w', {}),
    'webhooks.remove': (client) => client.webhooks.remove('w'),
    'webhooks.test': (client) => client.webhooks.test('w'),
  };

  it('is in one of these tables', () => {
    const resources = methodsOf(client).filter((name) => name.includes('.'));
    assert.deepEqual([...Object.keys(cases), ...Object.keys(nothing)].sort(), resources);
  });

  for (const [name, check] of Object.entries(cases)) {
    it(name, async () => {
      const called = new Set<string>();
      await check(watched(client, called));
      assert.ok(called.has(name), 'it was not called');
    });
  }

  for (const [name, call] of Object.entries(nothing)) {
    it(`${name}: says that the server has none, without asking it`, async () => {
      const { code, cause, message } = await failing(call(client));
      assert.equal(code, 'not_supported');
      assert.match(message, /^The connected server cannot .+\.$/);
      assert.match(String(cause.hint), /^[A-Z].+\.$/);
      assert.deepEqual(await asked(), []);
    });
  }
});
