import { listFields, runList } from './kit/action/list';
import { crudFields, idField, runCrud } from './kit/action/resource';
import { action } from './kit/define';
import { as, bodyOf, choice, defined, dynJson, isObject, typed } from './kit/fields';

const operations = [
  ...(['list', 'get', 'create', 'update', 'delete', 'execute', 'executions'] as const),
  ...(['duplicate', 'validate', 'export', 'import', 'stats', 'nodeTypes', 'activate', 'deactivate'] as const),
  ...(['execution', 'cancel'] as const),
] as const;
/** Operations without an existing flow. */
const without: readonly string[] = ['list', 'create', 'import', 'nodeTypes'];
const written = { operation: ['create', 'update'] };

/** Manage and run Linktor's own flows. */
export default action({
  type: 'linktor-flow',
  result: 'payload',
  busy: 'asking',
  fields: {
    operation: choice(operations, { icon: 'tasks' }),
    flow: idField(
      'flowId',
      'flows',
      operations.filter((one) => !without.includes(one)),
      'code-fork',
    ),
    conversation: idField('conversationId', 'conversations', ['execute'], 'comments'),
    execution: typed('executionId', {
      convert: as.id,
      required: true,
      icon: 'play-circle-o',
      when: { operation: ['execution', 'cancel'] },
    }),
    variables: typed('', { types: dynJson, convert: as.object, icon: 'list-ul', when: { operation: ['execute'] } }),
    title: typed('', {
      convert: as.string,
      icon: 'font',
      when: { operation: ['create', 'update', 'duplicate'] },
    }),
    description: typed('', { convert: as.string, icon: 'align-left', when: written }),
    definition: typed('', { types: dynJson, convert: as.object, icon: 'object-group', when: written }),
    exported: typed('payload', {
      types: dynJson,
      convert: as.object,
      required: true,
      icon: 'upload',
      when: { operation: ['import'] },
    }),
    period: choice(['', 'day', 'week', 'month'], { icon: 'calendar', when: { operation: ['stats'] } }),
    ...crudFields,
    ...listFields({ operation: ['list', 'executions'] }),
  },
  async run(context) {
    const { client, msg, values } = context;
    const {
      operation,
      flow,
      conversation,
      variables,
      title: name,
      description,
      definition,
      search,
      state: status,
    } = values;
    const { flows } = client;
    if (operation === 'execute') {
      const given = variables ?? (isObject(msg.payload) ? msg.payload : undefined);
      return { result: await flows.execute(flow, { conversationId: conversation, variables: given }) };
    }
    if (operation === 'executions') {
      return runList(context, values, (slice) => flows.executions(flow, slice));
    }
    switch (operation) {
      case 'duplicate':
        return { result: await flows.duplicate(flow, name) };
      case 'validate':
        return { result: await flows.validate(flow) };
      case 'export':
        return { result: await flows.export(flow) };
      case 'import':
        return { result: await flows.import(values.exported) };
      case 'stats':
        return { result: await flows.stats(flow, values.period || undefined) };
      case 'nodeTypes':
        return { result: await flows.nodeTypes() };
      case 'activate':
        return { result: await flows.activate(flow) };
      case 'deactivate':
        return { result: await flows.deactivate(flow) };
      case 'execution':
        return { result: await flows.execution(flow, values.execution) };
      case 'cancel':
        return { result: await flows.cancel(flow, values.execution) };
    }
    return runCrud(context, flows, {
      ...values,
      id: flow,
      filter: { search, status },
      body: () => bodyOf({ ...definition, ...defined({ name, description }) }, msg.payload),
    });
  },
});
