import { crudFields, idField, runCrud } from './kit/action/resource';
import { action } from './kit/define';
import { as, bodyOf, choice, dynJson, typed } from './kit/fields';

const operations = ['list', 'get', 'create', 'update', 'delete', 'activate', 'deactivate', 'duplicate'] as const;
const written = { operation: ['create', 'update'] };

/** Manage Linktor's own bots. */
export default action({
  type: 'linktor-bot',
  result: 'payload',
  busy: 'asking',
  fields: {
    operation: choice(operations, { icon: 'tasks' }),
    bot: idField(
      'botId',
      'bots',
      operations.filter((one) => one !== 'list' && one !== 'create'),
      'android',
    ),
    title: typed('', {
      convert: as.string,
      icon: 'font',
      when: { operation: ['create', 'update', 'duplicate'] },
    }),
    description: typed('', { convert: as.string, icon: 'align-left', when: written }),
    kind: typed('', { convert: as.string, icon: 'random', when: { operation: ['list', 'create'] } }),
    settings: typed('', { types: dynJson, convert: as.object, icon: 'sliders', when: written }),
    channel: typed('', { convert: as.id, pick: 'channels', icon: 'sitemap', when: { operation: ['list'] } }),
    ...crudFields,
  },
  async run(context) {
    const { client, msg, values } = context;
    const {
      operation,
      bot,
      title: name,
      description,
      kind: type,
      settings: config,
      channel,
      search,
      state: status,
    } = values;
    const { bots } = client;
    if (operation === 'activate') return { result: await bots.activate(bot) };
    if (operation === 'deactivate') return { result: await bots.deactivate(bot) };
    if (operation === 'duplicate') return { result: await bots.duplicate(bot, name) };
    const common = { name, description, config };
    return runCrud(context, bots, {
      ...values,
      id: bot,
      filter: { search, status, type, channelId: channel },
      body: () => bodyOf(operation === 'create' ? { ...common, type } : common, msg.payload),
    });
  },
});
