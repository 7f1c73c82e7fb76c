import { crudFields, idField, runCrud } from './kit/action/resource';
import { action } from './kit/define';
import { as, bodyOf, choice, dynJson, typed } from './kit/fields';

const operations = [
  ...(['list', 'get', 'create', 'update', 'delete', 'activate', 'deactivate', 'duplicate'] as const),
  ...(['addChannels', 'removeChannels', 'addBases', 'removeBases', 'stats'] as const),
] as const;
const only = (...operation: (typeof operations)[number][]) => ({ operation });
const written = only('create', 'update');

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
      when: only('create', 'update', 'duplicate'),
    }),
    description: typed('', { convert: as.string, icon: 'align-left', when: written }),
    kind: typed('', { convert: as.word, icon: 'random', when: only('list', 'create') }),
    settings: typed('', { types: dynJson, convert: as.object, icon: 'sliders', when: written }),
    channel: typed('', { convert: as.id, pick: 'channels', icon: 'sitemap', when: only('list') }),
    channels: typed('channelId', {
      convert: as.list,
      required: true,
      pick: 'channels',
      icon: 'sitemap',
      when: only('addChannels', 'removeChannels'),
    }),
    bases: typed('bases', {
      convert: as.list,
      required: true,
      pick: 'knowledgeBases',
      icon: 'book',
      when: only('addBases', 'removeBases'),
    }),
    period: choice(['', 'day', 'week', 'month'], { icon: 'calendar', when: only('stats') }),
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
    switch (operation) {
      case 'activate':
        return { result: await bots.activate(bot) };
      case 'deactivate':
        return { result: await bots.deactivate(bot) };
      case 'duplicate':
        return { result: await bots.duplicate(bot, name) };
      case 'addChannels':
        return { result: await bots.addChannels(bot, values.channels) };
      case 'removeChannels':
        return { result: await bots.removeChannels(bot, values.channels) };
      case 'addBases':
        return { result: await bots.addKnowledgeBases(bot, values.bases) };
      case 'removeBases':
        return { result: await bots.removeKnowledgeBases(bot, values.bases) };
      case 'stats':
        return { result: await bots.stats(bot, values.period || undefined) };
    }
    const common = { name, description, config };
    return runCrud(context, bots, {
      ...values,
      id: bot,
      filter: { search, status, type, channelId: channel },
      body: () => bodyOf(operation === 'create' ? { ...common, type } : common, msg.payload),
    });
  },
});
