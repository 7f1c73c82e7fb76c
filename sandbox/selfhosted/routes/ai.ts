import { completeTurns, readTurns } from '../../sim/completion';
import { words } from '../../sim/words';
import type { World } from '../../sim/world';
import type { Bot } from '../../state/automation';
import { type Fields, Form } from '../../wire/form';
import type { Answer } from '../../wire/router';
import { wrap } from '../envelope';
import { findRecord, requireText } from '../read';
import { badRequest, internalError, invalidBody, notFound } from '../refusal';
import type { AddRoutes } from '../route';
import { escalate } from './conversations';

/** The models of each provider, all simulated. */
const MODELS: Readonly<Record<string, string[]>> = {
  openai: ['sandbox-model', 'sandbox-model-large'],
  anthropic: ['sandbox-model'],
  ollama: ['sandbox-model'],
};
const POSITIVE_WORDS = new Set(
  'good great thanks thank love perfect excellent happy nice bom otimo obrigado obrigada'.split(' '),
);
const NEGATIVE_WORDS = new Set(
  'bad terrible awful angry broken wrong late hate refund worst ruim pessimo errado'.split(' '),
);

/** Words of the default intents. */
const INTENTS: Readonly<Record<string, string[]>> = {
  greeting: ['hello', 'hi', 'hey', 'oi', 'ola'],
  complaint: [...NEGATIVE_WORDS],
  order_status: ['order', 'delivery', 'pedido', 'entrega'],
  human_agent: ['human', 'person', 'agent', 'humano', 'atendente'],
};

/** AI: completions, and analysis of a message by keywords. There are no embeddings and no agents. */
export const aiRoutes: AddRoutes = (on, { world }) => {
  on('POST', '/ai/complete', ({ body }) => complete(world, new Form(body)));
  on('GET', '/ai/providers', () =>
    wrap({
      providers: Object.entries(MODELS).map(([name, models]) => ({
        ...{ name, models },
        available: true,
        default_model: models[0],
      })),
    }),
  );
  on('GET', '/ai/providers/:provider/models', ({ params: { provider = '' } }) => {
    const models = MODELS[provider];
    if (!models) throw badRequest('Unknown provider');
    return wrap({ provider, models });
  });
  on('POST', '/ai/classify-intent', ({ body }) => {
    const form = new Form(body);
    form.text('provider');
    return wrap(intentOf(requireText(form, 'message'), form.texts('intents')));
  });
  on('POST', '/ai/analyze-sentiment', ({ body }) => {
    const form = new Form(body);
    form.text('provider');
    return wrap(sentimentOf(requireText(form, 'message')));
  });
  on('POST', '/ai/generate-response', ({ body }) => {
    const form = new Form(body);
    for (const field of ['message_id', 'conversation_id', 'content']) requireText(form, field);
    const bot = activeBot(world, requireText(form, 'channel_id'), form.text('bot_id'));
    if (!bot) throw notFound('Bot');
    // The server selects columns that its tables lack.
    throw internalError();
  });
  on('POST', '/ai/analyze-message', ({ body }) => {
    const form = new Form(body);
    for (const field of ['conversation_id', 'content']) requireText(form, field);
    if (activeBot(world, requireText(form, 'channel_id'))) throw internalError();
    return wrap({ sentiment: 'neutral', should_escalate: false });
  });
  on('POST', '/ai/escalate', ({ body, caller }) => {
    const form = new Form(body);
    for (const field of ['channel_id', 'contact_id']) requireText(form, field);
    const id = requireText(form, 'conversation_id');
    const conversation = findRecord(world.state.conversations, id, 'CONVERSATION_NOT_FOUND');
    return wrap(escalate(world, conversation, form, caller.userId));
  });
};

function complete(world: World, form: Form): Answer {
  const began = performance.now();
  const provider = requireText(form, 'provider');
  const model = requireText(form, 'model');
  const turns = readTurns(form);
  if (!turns) throw invalidBody();
  if (!MODELS[provider]) throw badRequest('Unknown provider');
  form.number('max_tokens', { integer: true });
  form.number('temperature');
  const { text, usage } = completeTurns(world, turns, []);
  return wrap({
    content: text,
    model,
    tokens_used: usage.totalTokens,
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    finish_reason: 'stop',
    latency_ms: Math.round(performance.now() - began),
  });
}

/** The intents that share words with the message, best first. */
function intentOf(message: string, wanted: string[] | undefined): Fields {
  const messageWords = new Set(words(message));
  const known: [string, string[]][] = wanted?.map((name) => [name, words(name)]) ?? Object.entries(INTENTS);
  const candidates = known
    .map(([name, marks]) => ({ name, confidence: marks.some((mark) => messageWords.has(mark)) ? 0.8 : 0 }))
    .filter(({ confidence }) => confidence > 0);
  const [best = { name: 'unknown', confidence: 0.3 }] = candidates;
  return { intent: best, ...(candidates.length > 1 && { candidates }) };
}

function sentimentOf(message: string): Fields {
  const messageWords = words(message);
  const balance =
    messageWords.filter((word) => POSITIVE_WORDS.has(word)).length -
    messageWords.filter((word) => NEGATIVE_WORDS.has(word)).length;
  if (balance === 0) return { sentiment: 'neutral', score: 0, confidence: 0.5 };
  return { sentiment: balance > 0 ? 'positive' : 'negative', score: balance > 0 ? 0.8 : -0.8, confidence: 0.7 };
}

function activeBot({ state: { bots } }: World, channelId: string, botId?: string): Bot | undefined {
  return bots.find(
    ({ id, status, channelIds }) => status === 'active' && (botId ? id === botId : channelIds.includes(channelId)),
  );
}
