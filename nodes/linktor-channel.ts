import { crudFields, idField, runCrud } from './kit/action/resource';
import { action } from './kit/define';
import { as, bodyOf, choice, confirmation, dynJson, typed } from './kit/fields';

const operations = [
  'list',
  'get',
  'create',
  'update',
  'delete',
  'connect',
  'disconnect',
  'status',
  'webhook',
  'renewWebhook',
  'stats',
  'test',
  'capabilities',
] as const;
const written = { operation: ['create', 'update'] };

/** Manage channels, such as WhatsApp numbers and web chats. */
export default action({
  type: 'linktor-channel',
  result: 'payload',
  busy: 'asking',
  fields: {
    operation: choice(operations, { icon: 'tasks' }),
    channel: idField(
      'channelId',
      'channels',
      operations.filter((one) => one !== 'list' && one !== 'create'),
      'sitemap',
    ),
    title: typed('', { convert: as.string, icon: 'font', when: written }),
    kind: typed('', { convert: as.word, icon: 'random', when: { operation: ['list', 'create'] } }),
    settings: typed('', { types: dynJson, convert: as.object, icon: 'sliders', when: written }),
    period: choice(['', 'day', 'week', 'month'], { icon: 'calendar', when: { operation: ['stats'] } }),
    ...crudFields,
    confirm: confirmation({ when: { operation: ['delete', 'renewWebhook'] } }),
  },
  async run(context) {
    const { client, msg, values } = context;
    const { operation, channel, title: name, kind: type, settings: config, search, state: status } = values;
    const { channels } = client;
    switch (operation) {
      case 'connect':
        return { result: await channels.connect(channel) };
      case 'disconnect':
        return { result: await channels.disconnect(channel) };
      case 'status':
        return { result: await channels.status(channel) };
      case 'webhook':
        return { result: await channels.webhook(channel) };
      case 'renewWebhook':
        return { result: await channels.renewWebhook(channel) };
      case 'stats':
        return { result: await channels.stats(channel, values.period || undefined) };
      case 'test':
        return { result: await channels.test(channel) };
      case 'capabilities':
        return { result: await channels.capabilities(channel) };
    }
    return runCrud(context, channels, {
      ...values,
      id: channel,
      filter: { search, status, type },
      body: () => bodyOf(operation === 'create' ? { name, type, config } : { name, config }, msg.payload),
    });
  },
});
