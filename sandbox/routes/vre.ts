import { type Outbound, send, senderOf } from '../sim/messages';
import { captionOf, checkData, draw, type Picture, TEMPLATES, type Template } from '../sim/templates';
import type { World } from '../sim/world';
import { type Fields, Form } from '../wire/form';
import { notFound } from '../wire/problem';
import { type Answer, type Call, ok, type Router } from '../wire/router';

const DEFAULT_WIDTH_PX = 800;
const CHANNELS = ['whatsapp', 'telegram', 'web', 'email'] as const;
const FORMATS = ['png', 'webp', 'jpeg'] as const;

/** Pictures made from templates. Everything here is snake_case, in both directions. */
export function vreRoutes(router: Router, world: World): void {
  router
    .on('GET', '/vre/templates', () => ok({ templates: TEMPLATES.map(templateView) }))
    .on('POST', '/vre/render', ({ body }) => render(new Form(body)))
    .on('POST', '/vre/render-and-send', (call) => renderAndSend(world, call))
    .on('POST', '/vre/templates/:id/preview', ({ params, body }) => preview(params.id ?? '', new Form(body)));
}

function templateView({ id, name, description, required, optional }: Template): Fields {
  const properties = Object.fromEntries([...required, ...optional].map((key) => [key, {}]));
  return { id, name, description, schema: { type: 'object', required, properties } };
}

function render(form: Form): Answer {
  const began = performance.now();
  // The sandbox has one tenant, and SDKs send any tenant given by the caller.
  form.needText('tenant_id');
  const template = readTemplate(form);
  const data = checkData(template, form);
  form.choice('channel', CHANNELS);
  form.choice('format', FORMATS);
  form.number('quality', { min: 1, max: 100 });
  const width = form.number('width', { min: 100, max: 2000, integer: true }) ?? DEFAULT_WIDTH_PX;
  const picture = draw(template, data, width, form.number('scale', { min: 0.5, max: 3 }) ?? 1);
  return ok({
    ...pictureView(picture),
    caption: captionOf(template, data),
    // The answer is always PNG, regardless of the requested format.
    format: 'png',
    render_time_ms: Math.round(performance.now() - began),
    size_bytes: picture.data.length,
    cache_hit: false,
  });
}

function renderAndSend(world: World, { body, caller, headers }: Call): Answer {
  const { state } = world;
  const form = new Form(body);
  const conversation = state.conversations.need(form.needText('conversation_id'));
  const template = readTemplate(form);
  const data = checkData(template, form);
  const caption = form.text('caption') ?? captionOf(template, data);
  const followUp = form.text('follow_up_text');
  const picture = draw(template, data, DEFAULT_WIDTH_PX, 1);
  const file = state.files.add({ id: state.files.newId(), mimeType: 'image/png', data: picture.data });
  const url = `http://${headers.host}/files/${file.id}`;
  const key = headers['idempotency-key'];
  const shared: Omit<Outbound, 'content'> = {
    ...senderOf(caller, conversation),
    metadata: { template_id: template.id },
    idempotencyKey: typeof key === 'string' ? key : undefined,
  };
  const media = {
    type: 'image',
    url,
    mimeType: 'image/png',
    filename: `${template.id}.png`,
    size: picture.data.length,
    caption,
  };
  const message = send(world, conversation, { ...shared, content: { kind: 'image', media } });
  if (followUp) send(world, conversation, { ...shared, content: { kind: 'text', text: followUp } });
  return ok({ message_id: message.id, image_url: url, caption });
}

function preview(id: string, form: Form): Answer {
  const template = findTemplate(id);
  const data = form.raw('data') === undefined ? template.example : checkData(template, form);
  return ok(pictureView(draw(template, data, DEFAULT_WIDTH_PX, 1)));
}

function readTemplate(form: Form): Template {
  return findTemplate(form.needText('template_id'));
}

function findTemplate(id: string): Template {
  const template = TEMPLATES.find((candidate) => candidate.id === id);
  if (!template) throw notFound('Template');
  return template;
}

function pictureView({ data, width, height }: Picture): Fields {
  return { image_base64: data.toString('base64'), width, height };
}
