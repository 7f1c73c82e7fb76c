import { read, write } from '../calls';
import * as entities from '../entities';
import type { BotFilter, Contract, SearchFilter } from '../index';
import { changed, crud, duplicateCall, listOf, listQuery, memberCalls, wholeList } from './calls';

const atBots = ['bots'];
const atFlows = ['flows'];
const botCrud = crud<ReturnType<typeof entities.bot>, BotFilter>(atBots, entities.bot, 'bots');
const flowCrud = crud<ReturnType<typeof entities.flow>, SearchFilter>(atFlows, entities.flow, 'flows');
const channels = memberCalls(atBots, entities.bot, 'channels', 'channelIds');
const bases = memberCalls(atBots, entities.bot, 'knowledge-bases', 'knowledgeBaseIds');

/** Bots (contract 1.6). */
export const bots: Contract['bots'] = {
  ...botCrud,
  activate: (id) => botCrud.update(id, { status: 'active' }),
  deactivate: (id) => botCrud.update(id, { status: 'inactive' }),
  addChannels: channels.add,
  removeChannels: channels.remove,
  addKnowledgeBases: bases.add,
  removeKnowledgeBases: bases.remove,
  stats: (id, period) => read([...atBots, id, 'stats'], entities.facts, { period }),
  duplicate: duplicateCall(atBots, entities.bot),
};

/** Flows and their executions (contract 1.9). */
export const flows: Contract['flows'] = {
  ...flowCrud,
  activate: (id) => flowCrud.update(id, { status: 'active' }),
  deactivate: (id) => flowCrud.update(id, { status: 'inactive' }),
  execute: (id, input) => write('POST', [...atFlows, id, 'execute'], entities.execution, input),
  executions: (id, filter) =>
    listOf([...atFlows, id, 'executions'], entities.execution, 'executions', listQuery(filter)),
  execution: (id, executionId) => read([...atFlows, id, 'executions', executionId], entities.execution),
  cancel: (id, executionId) =>
    changed(
      [...atFlows, id, 'executions'],
      executionId,
      entities.execution,
      write('POST', [...atFlows, id, 'executions', executionId, 'cancel'], entities.execution),
    ),
  duplicate: duplicateCall(atFlows, entities.flow),
  nodeTypes: () => wholeList([...atFlows, 'node-types'], 'kinds of nodes', ['nodeTypes', 'types']),
  // This POST changes nothing, so it may be repeated.
  validate: (id) => write('POST', [...atFlows, id, 'validate'], entities.facts, undefined, 'read'),
  export: (id) => read([...atFlows, id, 'export'], entities.facts),
  import: (exported) => write('POST', [...atFlows, 'import'], entities.flow, exported),
  stats: (id, period) => read([...atFlows, id, 'stats'], entities.facts, { period }),
};
