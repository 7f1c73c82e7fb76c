import type { Content, Conversation, Message } from './entities';
import type { Fields } from './form';
import { shop } from './seed/knowledge';
import { type State, stamp, TENANT, USER } from './state';

const MINUTE = 60_000;

/**
 * Fills an empty state: the tenant and its user always, the rest of the invented shop when `everything` is wanted.
 * Ids are the same every time; times are some minutes before now.
 */
export function seed(state: State, everything: boolean): void {
  const start = ago(7 * 24 * 60);
  const { tenantId: _, ...base } = stamp(TENANT, start);
  state.tenant = {
    ...base,
    name: shop.name,
    slug: 'demo',
    plan: 'professional',
    settings: { language: 'en' },
    metadata: {},
  };
  state.users.add({
    ...stamp(USER, start),
    email: 'demo@linktor.local',
    password: 'sandbox',
    name: 'Demo User',
    role: 'admin',
    status: 'active',
  });
  if (!everything) return;
  seedChannels(state, start);
  seedContacts(state, start);
  seedConversations(state);
  seedKnowledge(state, start);
  seedHelpers(state, start);
}

function seedChannels(state: State, at: string): void {
  const shared = { status: 'active' as const, metadata: {}, connectedAt: at };
  state.channels.add({
    ...stamp('ch_webchat', at),
    ...shared,
    name: 'Website chat',
    type: 'webchat',
    config: { type: 'webchat', widgetId: 'widget_demo', theme: { headerText: shop.name } },
    verifyToken: 'verify_webchat',
  });
  state.channels.add({
    ...stamp('ch_whatsapp', at),
    ...shared,
    name: 'WhatsApp',
    type: 'whatsapp',
    config: { type: 'whatsapp', phoneNumberId: '100000000000001', businessAccountId: '100000000000002' },
    verifyToken: 'verify_whatsapp',
  });
}

function seedContacts(state: State, at: string): void {
  const people = [
    {
      id: 'ct_ana',
      name: 'Ana Souza',
      phone: '+5511999990001',
      email: 'ana@example.com',
      tags: ['vip'],
      channel: 'webchat',
    },
    {
      id: 'ct_bruno',
      name: 'Bruno Lima',
      phone: '+5511999990002',
      email: 'bruno@example.com',
      tags: [],
      channel: 'whatsapp',
    },
    {
      id: 'ct_carla',
      name: 'Carla Mendes',
      phone: '+5511999990003',
      email: undefined,
      tags: ['plants'],
      channel: 'whatsapp',
    },
  ];
  for (const { id, name, phone, email, tags, channel } of people) {
    state.contacts.add({
      ...stamp(id, at),
      name,
      phone,
      email,
      tags,
      externalId: `crm_${id}`,
      identifiers: [
        {
          channelType: channel,
          channelId: `ch_${channel}`,
          identifier: channel === 'whatsapp' ? phone : `visitor_${id}`,
          displayName: name,
        },
      ],
      customFields: { language: 'en' },
      metadata: {},
      lastSeenAt: ago(30),
    });
  }
}

function seedConversations(state: State): void {
  seedConversation(
    state,
    { name: 'ana', channelId: 'ch_webchat', subject: 'A question about ferns', unreadCount: 1, tags: ['question'] },
    30,
    [
      ['in', 'Hello! How often should I water a fern?'],
      ['out', 'Two or three times a week in summer, and keep the soil slightly moist.'],
      ['in', 'Thank you! And is it safe for my cat?'],
    ],
  );
  seedConversation(
    state,
    { name: 'bruno', channelId: 'ch_whatsapp', subject: 'Order XS204817', assignedTo: USER, priority: 'high' },
    90,
    [
      ['in', 'Where is my order XS204817?'],
      ['out', 'It left our shop this morning and should be with you tomorrow.'],
    ],
  );
  seedConversation(
    state,
    { name: 'carla', channelId: 'ch_whatsapp', subject: 'Coffee subscription', status: 'resolved' },
    60 * 24,
    [
      ['in', 'Can I pause my coffee subscription?'],
      ['out', 'Yes, at any time in your account.'],
      ['in', 'Perfect, thanks.'],
    ],
  );
}

type Start = Partial<Conversation> & { name: string; channelId: string };

function seedConversation(
  state: State,
  { name, ...given }: Start,
  minutesAgo: number,
  lines: ['in' | 'out', string][],
): void {
  const id = `conv_${name}`;
  const conversation = state.conversations.add({
    ...stamp(id, ago(minutesAgo)),
    contactId: `ct_${name}`,
    status: 'open',
    priority: 'medium',
    unreadCount: 0,
    tags: [],
    metadata: {},
    ...given,
  });
  for (const [index, [way, text]] of lines.entries()) {
    const at = ago(minutesAgo - index * 2);
    const unread = way === 'in' && index >= lines.length - conversation.unreadCount;
    state.addMessage(line(conversation, `msg_${name}_${index + 1}`, way, { kind: 'text', text }, at, !unread));
    conversation.firstMessageAt ??= at;
    if (way === 'out') conversation.firstReplyAt ??= at;
    conversation.lastMessageAt = at;
    conversation.updatedAt = at;
  }
  if (conversation.status === 'resolved') conversation.resolvedAt = conversation.updatedAt;
  if (conversation.assignedTo) conversation.assignedAt = conversation.firstMessageAt;
}

function line(
  { id: conversationId, contactId }: Conversation,
  id: string,
  way: 'in' | 'out',
  content: Content,
  at: string,
  read: boolean,
): Message {
  return {
    id,
    conversationId,
    direction: way === 'in' ? 'inbound' : 'outbound',
    ...content,
    status: read ? 'read' : 'delivered',
    senderId: way === 'in' ? contactId : USER,
    senderType: way === 'in' ? 'contact' : 'agent',
    deliveredAt: at,
    readAt: read ? at : undefined,
    createdAt: at,
    updatedAt: at,
  };
}

function seedKnowledge(state: State, at: string): void {
  const base = state.bases.add({
    ...stamp('kb_shop', at),
    name: shop.name,
    description: 'What customers ask the shop',
    embeddingModel: 'sandbox-embedding',
    chunkSize: 80,
    chunkOverlap: 0,
    metadata: {},
  });
  for (const { id, name, content } of shop.documents) {
    state.documents.add({
      ...stamp(id, at),
      knowledgeBaseId: base.id,
      name,
      type: 'txt',
      content,
      status: 'completed',
      metadata: {},
    });
  }
}

/** What answers by itself: an agent that knows the shop, a bot that has it, and a flow. */
function seedHelpers(state: State, at: string): void {
  state.agents.add({
    ...stamp('agent_demo', at),
    name: 'Shop assistant',
    description: 'Answers what customers ask the shop',
    status: 'active',
    model: 'sandbox-model',
    systemPrompt: 'You answer the customers of a coffee and plant shop.',
    temperature: 0.7,
    maxTokens: 1024,
    tools: [],
    knowledgeBaseIds: ['kb_shop'],
    metadata: {},
  });
  state.bots.add({
    ...stamp('bot_demo', at),
    name: 'Shop bot',
    type: 'ai',
    status: 'active',
    config: { welcomeMessage: `Welcome to ${shop.name}!`, fallbackMessage: 'Somebody will answer you soon.' },
    channelIds: ['ch_webchat'],
    agentId: 'agent_demo',
    knowledgeBaseIds: ['kb_shop'],
    metadata: {},
  });
  const nodes: [id: string, type: string, data: Fields][] = [
    ['start', 'start', {}],
    ['ask', 'input', { text: 'Hello! What is your name?', variable: 'name' }],
    ['greet', 'message', { text: 'Nice to meet you, {{name}}.' }],
    ['end', 'end', {}],
  ];
  state.flows.add({
    ...stamp('flow_demo', at),
    name: 'Greeting',
    description: 'Asks for a name and greets',
    status: 'active',
    version: 1,
    nodes: nodes.map(([id, type, data], index) => ({ id, type, position: { x: 0, y: index * 100 }, data })),
    edges: nodes
      .slice(1)
      .map(([target], index) => ({ id: `edge_${index + 1}`, source: nodes[index]?.[0] ?? '', target })),
    variables: [],
    metadata: {},
  });
}

function ago(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE).toISOString();
}
