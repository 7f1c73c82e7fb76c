import { invalid, unsupported } from '../../errors';
import type { Bot, Flow } from '../../model';
import { chain, ignoreAnswer, inLane, read, unsupportedCall, write } from '../calls';
import type { Call, Contract } from '../index';
import { array, type Json, object, string } from '../json';
import { bot, flow } from './entities';
import { containsText, isWanted, pagedList } from './lists';
import { oneByOne } from './people';
import { toServerFields } from './words';

const atBots = ['bots'];
const atFlows = ['flows'];
const getBot = (id: string) => read([...atBots, id], bot);
const getFlow = (id: string) => read([...atFlows, id], flow);

const keepsBot =
  'It keeps name, type, provider, model, systemPrompt, temperature, maxTokens, welcomeMessage and fallbackMessage.';
const same = (name: string) => (value: unknown) => ({ [name]: value });
const spoken = {
  name: same('name'),
  model: same('model'),
  systemPrompt: same('system_prompt'),
  temperature: same('temperature'),
  maxTokens: same('max_tokens'),
};
const texts = { welcomeMessage: same('welcome_message'), fallbackMessage: same('fallback_message') };

/** In the documented API, some fields of a bot are in `config`, and its model is in `config.aiConfig`. */
function flat({ config, ...given }: Json): Json {
  const { aiConfig, ...rest } = object(config) ?? {};
  const { useKnowledgeBase: _always, ...model } = object(aiConfig) ?? {};
  return { ...rest, ...model, ...given };
}

const type = (value: unknown) => ({ type: value === 'flow' ? 'rule_based' : value });

/** A bot has one knowledge base here, and can be given another one but not none (contract 1.6). */
function base(ids: readonly unknown[], hint = 'Choose one of them.'): string {
  const [only, ...more] = ids;
  if (more.length > 0) throw unsupported('give a bot more than one knowledge base', hint);
  return string(only) ?? unbased();
}

const replaced = 'Change the bot: knowledgeBaseIds with one id in it takes the place of the present one.';
const unbased = unsupportedCall('take its knowledge base from a bot', replaced);

const setBase = (id: string, baseId: string) =>
  write('PUT', [...atBots, id, 'config'], ignoreAnswer, { knowledge_base_id: baseId });

const switched = (id: string, action: 'activate' | 'deactivate') =>
  write('POST', [...atBots, id, action], ignoreAnswer as () => unknown, {});

function done(id: string, parts: readonly Call<unknown>[]): Call<Bot> {
  return inLane(id, oneByOne<unknown>([...parts, getBot(id)]) as Call<Bot>);
}

const addChannel = (id: string, channel: unknown): Call<unknown> =>
  write('POST', [...atBots, id, 'channels'], ignoreAnswer, { channel_id: channel });

/** Calls for the properties of a bot that have separate routes. */
function around(id: string, { status, channelIds, knowledgeBaseIds }: Json): Call<unknown>[] {
  const parts: Call<unknown>[] = array(channelIds).map((channel) => addChannel(id, channel));
  if (knowledgeBaseIds !== undefined) parts.push(setBase(id, base(array(knowledgeBaseIds))));
  if (status !== undefined) parts.push(switched(id, onOff(status, 'a bot') ? 'activate' : 'deactivate'));
  return parts;
}

function onOff(status: unknown, what: string): boolean {
  if (status === 'active' || status === 'inactive') return status === 'active';
  throw unsupported(`set ${what} to "${String(status)}"`, 'Set it to active or inactive.');
}

/** Bots (contract 1.6). */
export const bots: Contract['bots'] = {
  list: ({ type: wanted, channelId, status, search, ...slice }) => {
    const chooses = wanted || channelId || status || search;
    const keep = (one: Bot) =>
      isWanted(wanted, one.type) &&
      isWanted(status, one.status) &&
      (!channelId || array(one.channelIds).includes(channelId)) &&
      containsText(search, one.name);
    return pagedList(atBots, bot, 'bots', slice, chooses ? keep : undefined);
  },
  get: getBot,
  create(input) {
    const { status, channelIds, knowledgeBaseIds, welcomeMessage, fallbackMessage, ...rest } = flat(input);
    const body = toServerFields(rest, { ...spoken, type, provider: same('provider') }, 'a bot', keepsBot);
    for (const name of ['type', 'provider', 'model'] as const) {
      if (!string(body[name])) throw invalid(`A bot of this server needs the field "${name}".`, keepsBot);
    }
    const more = toServerFields({ welcomeMessage, fallbackMessage }, texts, 'a bot', keepsBot);
    const call = write('POST', atBots, bot, body);
    const rests = { status, channelIds, knowledgeBaseIds };
    // Fields that cannot be set afterwards are refused before anything is created.
    const parts = (id: string) => [...(Object.keys(more).length > 0 ? [change(id, more)] : []), ...around(id, rests)];
    return parts('').length === 0 ? call : chain(call, ({ id }) => done(id, parts(id)));
  },
  update(id, changes) {
    const { status, channelIds, knowledgeBaseIds, ...rest } = flat(changes);
    if (channelIds !== undefined) throw unsupported('replace the channels of a bot', 'Add and remove them one by one.');
    const body = toServerFields(rest, { ...spoken, ...texts }, 'a bot', keepsBot);
    const parts = around(id, { status, knowledgeBaseIds });
    return done(id, Object.keys(body).length > 0 ? [change(id, body), ...parts] : parts);
  },
  remove: (id) => write('DELETE', [...atBots, id], ignoreAnswer),
  activate: (id) => done(id, [switched(id, 'activate')]),
  deactivate: (id) => done(id, [switched(id, 'deactivate')]),
  addChannels: (id, channels) =>
    done(
      id,
      channels.map((channel) => addChannel(id, channel)),
    ),
  removeChannels: (id, channels) =>
    done(
      id,
      channels.map((channel) => write('DELETE', [...atBots, id, 'channels', channel], ignoreAnswer)),
    ),
  addKnowledgeBases: (id, bases) =>
    inLane(
      id,
      chain(getBot(id), (now) => {
        const all = [...new Set([...array(now.knowledgeBaseIds), ...bases])];
        return done(id, [setBase(id, base(all, replaced))]);
      }),
    ),
  removeKnowledgeBases: unbased,
  stats: unsupportedCall('tell the figures of a bot', 'Read the figures of all bots together: analytics, dashboard.'),
  duplicate: unsupportedCall('duplicate a bot', 'Read it, and create one with what it says.'),
};

const change = (id: string, body: Json): Call<unknown> => write('PUT', [...atBots, id], ignoreAnswer, body);

const flowFields = {
  name: 'name',
  description: 'description',
  triggerValue: 'trigger_value',
  startNodeId: 'start_node_id',
  nodes: 'nodes',
  priority: 'priority',
};
const keepsFlow =
  'It keeps name, description, trigger, triggerValue, startNodeId, nodes with their transitions, botId and priority.';
const copies = 'Read it, and create one with what it says.';
const runs = 'Its flows run by themselves, on what customers write: watch the conversation instead.';

/** Flows (contract 1.9): they can be created and activated, but not started by the API. */
export const flows: Contract['flows'] = {
  list: ({ status, search, ...slice }) => {
    const is_active = status ? onOff(status, 'the filter of flows') : undefined;
    const keep = (one: Flow) => containsText(search, one.name, one.description);
    return pagedList(atFlows, flow, 'flows', { ...slice, is_active }, search ? keep : undefined);
  },
  get: getFlow,
  create({ status, ...input }) {
    const body = toServerFields(input, { ...flowFields, trigger: 'trigger', botId: 'bot_id' }, 'a flow', keepsFlow);
    const call = write('POST', atFlows, flow, body);
    return status === undefined ? call : chain(call, ({ id }) => switchedFlow(id, onOff(status, 'a flow')));
  },
  update(id, { status, ...changes }) {
    const body = toServerFields(changes, flowFields, 'a flow', keepsFlow);
    const parts = status === undefined ? [] : [switchedFlow(id, onOff(status, 'a flow'))];
    if (Object.keys(body).length > 0) parts.unshift(write('PUT', [...atFlows, id], flow, body));
    return inLane(id, parts.length === 0 ? getFlow(id) : oneByOne(parts));
  },
  remove: (id) => write('DELETE', [...atFlows, id], ignoreAnswer),
  activate: (id) => inLane(id, switchedFlow(id, true)),
  deactivate: (id) => inLane(id, switchedFlow(id, false)),
  execute: unsupportedCall('start a flow', runs),
  executions: unsupportedCall('list the executions of a flow', runs),
  execution: unsupportedCall('read an execution', runs),
  cancel: unsupportedCall('cancel an execution', runs),
  duplicate: unsupportedCall('duplicate a flow', copies),
  nodeTypes: unsupportedCall('list the kinds of nodes of its flows', 'Read a flow: its nodes say what they are.'),
  validate: unsupportedCall('check a flow', 'Switch it on: the answer says whether that worked.'),
  export: unsupportedCall('export a flow', copies),
  import: unsupportedCall('import a flow', copies),
  stats: unsupportedCall('tell the figures of a flow', runs),
};

function switchedFlow(id: string, on: boolean): Call<Flow> {
  const call = write('POST', [...atFlows, id, on ? 'activate' : 'deactivate'], ignoreAnswer, {});
  return chain(call, () => getFlow(id));
}
