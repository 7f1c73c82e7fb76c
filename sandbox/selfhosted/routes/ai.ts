import { readTurns, reply } from '../../routes/ai';
import { words } from '../../sim/words';
import type { World } from '../../sim/world';
import type { Bot } from '../../state/automation';
import { type Fields, Form } from '../../wire/form';
import type { Answer } from '../../wire/router';
import { wrapped } from '../envelope';
import { find, needed } from '../read';
import { absent, badRequest, internal, unreadable } from '../refusal';
import type { Routes } from '../route';
import { escalate } from './conversations';

/** The models of each provider, as the sandbox plays them. */
const MODELS: Readonly<Record<string, string[]>> = {
  openai: ['sandbox-model', 'sandbox-model-large'],
  anthropic: ['sandbox-model'],
  ollama: ['sandbox-model'],
};
const GOOD = new Set(
  'good great thanks thank love perfect excellent happy nice bom otimo obrigado obrigada'.split(' '),
);
const BAD = new Set('bad terrible awful angry broken wrong late hate refund worst ruim pessimo errado'.split(' '));

/** What an intent is known by when nobody names the intents. */
const INTENTS: Readonly<Record<string, string[]>> = {
  greeting: ['hello', 'hi', 'hey', 'oi', 'ola'],
  complaint: [...BAD],
  order_status: ['order', 'delivery', 'pedido', 'entrega'],
  human_agent: ['human', 'person', 'agent', 'humano', 'atendente'],
};

/** AI: completions of one provider, and what is made of a message by its words. There are no embeddings and no agents. */
export const aiRoutes: Routes = (on, { world }) => {
  on('POST', '/ai/complete', ({ body }) => complete(world, new Form(body)));
  on('GET', '/ai/providers', () => wrapped({ providers: Object.keys(MODELS) }));
  on('GET', '/ai/providers/:provider/models', ({ params: { provider = '' } }) => {
    const models = MODELS[provider];
    if (!models) throw badRequest('Unknown provider');
    return wrapped({ provider, models });
  });
  on('POST', '/ai/classify-intent', ({ body }) => {
    const form = new Form(body);
    form.text('provider');
    return wrapped(intentOf(needed(form, 'message'), form.texts('intents')));
  });
  on('POST', '/ai/analyze-sentiment', ({ body }) => {
    const form = new Form(body);
    form.text('provider');
    return wrapped(sentimentOf(needed(form, 'message')));
  });
  on('POST', '/ai/generate-response', ({ body }) => {
    const form = new Form(body);
    for (const field of ['message_id', 'conversation_id', 'content']) needed(form, field);
    const bot = activeBot(world, needed(form, 'channel_id'), form.text('bot_id'));
    if (!bot) throw absent('Bot');
    // The tables of the server lack the columns that it asks for here.
    throw internal();
  });
  on('POST', '/ai/analyze-message', ({ body }) => {
    const form = new Form(body);
    for (const field of ['conversation_id', 'content']) needed(form, field);
    if (activeBot(world, needed(form, 'channel_id'))) throw internal();
    return wrapped({ sentiment: 'neutral', should_escalate: false });
  });
  on('POST', '/ai/escalate', ({ body }) => {
    const form = new Form(body);
    for (const field of ['channel_id', 'contact_id']) needed(form, field);
    const id = needed(form, 'conversation_id');
    return wrapped(escalate(world, find(world.state.conversations, id, 'CONVERSATION_NOT_FOUND'), form));
  });
};

function complete(world: World, form: Form): Answer {
  const began = performance.now();
  const provider = needed(form, 'provider');
  const model = needed(form, 'model');
  const turns = readTurns(form);
  if (!turns) throw unreadable();
  if (!MODELS[provider]) throw badRequest('Unknown provider');
  form.number('max_tokens', { whole: true });
  form.number('temperature');
  const { text, usage } = reply(world, turns, []);
  return wrapped({
    content: text,
    model,
    tokens_used: usage.totalTokens,
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    finish_reason: 'stop',
    latency_ms: Math.round(performance.now() - began),
  });
}

/** The intent that shares most words with the message. */
function intentOf(message: string, wanted: string[] | undefined): Fields {
  const said = new Set(words(message));
  const known: [string, string[]][] = wanted?.map((name) => [name, words(name)]) ?? Object.entries(INTENTS);
  const candidates = known
    .map(([name, marks]) => ({ name, confidence: marks.some((mark) => said.has(mark)) ? 0.8 : 0 }))
    .filter(({ confidence }) => confidence > 0);
  const [best = { name: 'unknown', confidence: 0.3 }] = candidates;
  return { intent: best, ...(candidates.length > 1 && { candidates }) };
}

function sentimentOf(message: string): Fields {
  const said = words(message);
  const balance = said.filter((word) => GOOD.has(word)).length - said.filter((word) => BAD.has(word)).length;
  if (balance === 0) return { sentiment: 'neutral', score: 0, confidence: 0.5 };
  return { sentiment: balance > 0 ? 'positive' : 'negative', score: balance > 0 ? 0.8 : -0.8, confidence: 0.7 };
}

function activeBot({ state: { bots } }: World, channelId: string, botId?: string): Bot | undefined {
  return bots.find(
    ({ id, status, channelIds }) => status === 'active' && (botId ? id === botId : channelIds.includes(channelId)),
  );
}
