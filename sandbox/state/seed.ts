import type { Fields } from '../wire/form';
import { type State, stamp, TENANT, USER } from './index';
import { seedConversations, timeAgo } from './seed-conversations';
import { shop as shopSeed } from './seed-documents';
import { seedTemplates } from './seed-templates';

interface SeedOptions {
  /** Add the invented shop. */
  shop: boolean;
  /** Add the records that the page of the Rust SDK names in its examples. */
  rustPage: boolean;
  /** Store WhatsApp phones as the provider sends them, without `+`. */
  providerPhones: boolean;
}

/**
 * Fills an empty state: the tenant and its user, and the invented shop if `shop` is true. Ids are constant; times
 * are some minutes in the past.
 */
export function fillState(state: State, { shop, rustPage, providerPhones }: SeedOptions): void {
  const start = timeAgo(7 * 24 * 60);
  const { tenantId: _, ...base } = stamp(TENANT, start);
  state.tenant = {
    ...base,
    name: shopSeed.name,
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
  if (!shop) return;
  seedChannels(state, start);
  seedContacts(state, start, providerPhones);
  seedConversations(state);
  seedKnowledge(state, start);
  seedHelpers(state, start);
  seedTemplates(state, start);
  if (rustPage) seedRustPage(state, start);
}

function seedChannels(state: State, at: string): void {
  const shared = { status: 'active' as const, metadata: {}, connectedAt: at };
  state.channels.add({
    ...stamp('ch_webchat', at),
    ...shared,
    name: 'Website chat',
    type: 'webchat',
    config: { type: 'webchat', widgetId: 'widget_demo', theme: { headerText: shopSeed.name } },
    verifyToken: 'verify_webchat',
  });
  state.channels.add({
    ...stamp('ch_whatsapp', at),
    ...shared,
    name: 'WhatsApp',
    type: 'whatsapp',
    config: {
      type: 'whatsapp',
      phoneNumberId: '100000000000001',
      businessAccountId: '100000000000002',
      accessToken: '********',
      verifyToken: 'verify_whatsapp',
    },
    verifyToken: 'verify_whatsapp',
  });
}

function seedContacts(state: State, at: string, providerPhones: boolean): void {
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
  for (const { id, name, phone: international, email, tags, channel } of people) {
    const phone = providerPhones && channel === 'whatsapp' ? international.slice(1) : international;
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
      lastSeenAt: timeAgo(30),
    });
  }
}

function seedKnowledge(state: State, at: string): void {
  const base = state.bases.add({
    ...stamp('kb_shop', at),
    name: shopSeed.name,
    description: 'What customers ask the shop',
    embeddingModel: 'sandbox-embedding',
    chunkSize: 80,
    chunkOverlap: 0,
    metadata: {},
  });
  for (const { id, name, content } of shopSeed.documents) {
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

/** Adds an AI agent, a bot and a flow. */
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
    config: { welcomeMessage: `Welcome to ${shopSeed.name}!`, fallbackMessage: 'Somebody will answer you soon.' },
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

/** Adds the conversation, the knowledge base and the answer used in the examples of the Rust SDK's page. */
function seedRustPage(state: State, at: string): void {
  state.conversations.add({
    ...stamp('conversation-id', at),
    channelId: 'ch_webchat',
    contactId: 'ct_ana',
    status: 'open',
    priority: 'medium',
    unreadCount: 0,
    tags: [],
    metadata: {},
  });
  const base = state.bases.add({
    ...stamp('kb-id', at),
    name: 'Account help',
    embeddingModel: 'sandbox-embedding',
    chunkSize: 80,
    chunkOverlap: 0,
    metadata: {},
  });
  state.documents.add({
    ...stamp('doc_password', at),
    knowledgeBaseId: base.id,
    name: 'Password',
    type: 'txt',
    content: 'Reset your password on the sign-in page: choose Forgot password and follow the link in the e-mail.',
    status: 'completed',
    metadata: {},
  });
  state.facts.set('what is the capital of france?', 'Paris');
}
