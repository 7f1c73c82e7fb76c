import { isHeldBack, PERSON_IN_CHARGE } from '../lib/charge';
import { invalid } from '../lib/errors';
import { isPlaceholderValue } from '../lib/messages/placeholders';
import type { Rendering } from '../lib/model';
import { idField } from './kit/action/resource';
import { type ActionContext, action, type Outcome } from './kit/define';
import { as, choice, dynJson, dynNumber, isObject, typed } from './kit/fields';

const operations = ['render', 'renderAndSend', 'list', 'preview'] as const;
const made = { operation: ['render', 'renderAndSend', 'preview'] };
const rendered = { operation: ['render'] };
const sent = { operation: ['renderAndSend'] };

/** Render images from Linktor's visual templates, and send them. */
export default action({
  type: 'linktor-template',
  result: 'payload',
  busy: 'asking',
  fields: {
    operation: choice(operations, { icon: 'tasks' }),
    template: idField('templateId', 'templates', made.operation, 'picture-o'),
    data: typed('payload', { types: dynJson, placeholdersOf: 'template', icon: 'database', when: made }),
    conversation: idField('conversationId', 'conversations', sent.operation, 'comments'),
    caption: typed('', { convert: as.string, mustache: true, icon: 'font', when: sent }),
    followUp: typed('', { convert: as.string, mustache: true, icon: 'comment-o', advanced: true, when: sent }),
    channelType: typed('', { convert: as.word, icon: 'random', advanced: true, when: rendered }),
    format: choice(['png', 'webp', 'jpeg'], { icon: 'file-image-o', advanced: true, when: rendered }),
    width: typed('', {
      types: dynNumber,
      convert: as.number(100, 4000),
      icon: 'arrows-h',
      advanced: true,
      when: rendered,
    }),
  },
  async run(context) {
    const { client, values } = context;
    const { operation, template } = values;
    const { vre } = client;
    if (operation === 'list') return { result: await vre.templates(await tenantOf(context)) };
    if (operation === 'renderAndSend') return send(context, dataOf(values.data));
    if (operation === 'preview') {
      const example = fromTable(values.data);
      // Without data, the template is rendered with its example.
      return picture(await vre.preview(template, isObject(example) ? example : undefined));
    }
    const { channelType, format, width } = values;
    const wanted = { channel: channelType, format: format as 'png', width };
    const tenantId = await tenantOf(context);
    return picture(await vre.render({ ...wanted, template, data: dataOf(values.data), tenantId }));
  },
});

/** Templates belong to an organisation, whose id is requested once. */
async function tenantOf({ client, notes }: Pick<ActionContext<unknown>, 'client' | 'notes'>): Promise<string> {
  const known = notes.get('tenant');
  if (typeof known === 'string') return known;
  const { id } = await client.auth.tenant();
  notes.set('tenant', id);
  return id;
}

function dataOf(given: unknown): Record<string, unknown> {
  const data = fromTable(given);
  if (isObject(data)) return data;
  throw invalid('The field "data" must be an object.', 'Give what the template shows as an object in msg.payload.');
}

/** The lines of the table as one object, without the empty ones; anything else as it is. */
function fromTable(data: unknown): unknown {
  if (!Array.isArray(data) || !data.every(isPlaceholderValue)) return data;
  const filled = data.filter(({ value }) => value !== undefined && value !== '');
  return Object.fromEntries(filled.map(({ placeholder, value }) => [placeholder, value]));
}

function picture({ image, imageUrl, ...template }: Rendering): Outcome {
  return { result: image ?? imageUrl, properties: { template } };
}

interface Sending {
  conversation: string;
  template: string;
  caption?: string;
  followUp?: string;
}

async function send(
  { client, values, charge, sentLog, msg }: ActionContext<Sending>,
  data: Record<string, unknown>,
): Promise<Outcome> {
  const { conversation, template, caption, followUp: followUpText } = values;
  const gate = charge.gate();
  const leave = gate?.enter(conversation);
  let sent: Rendering;
  try {
    const guarded = gate ? client.with({ beforeLeave: () => gate.pass(conversation) }) : client;
    sent = await guarded.vre.renderAndSend({ conversation, template, data, caption, followUpText });
  } catch (error) {
    if (!isHeldBack(error)) throw error;
    const properties = { sent: { status: 'skipped', reason: PERSON_IN_CHARGE, conversationId: conversation } };
    return { result: undefined, keepPayload: true, status: 'skipped', properties };
  } finally {
    leave?.();
  }
  const { messageId, image: _image, ...facts } = sent;
  const at = Date.now();
  if (messageId) sentLog.add({ messageId, conversationId: conversation, at, context: msg.context });
  const receipt = {
    messageId,
    status: 'pending',
    conversationId: conversation,
    at: new Date(at).toISOString(),
    parts: 1,
  };
  return {
    result: undefined,
    keepPayload: true,
    properties: { sent: receipt, template: facts },
  };
}
