import { captionOf, checkData, draw, type Picture, TEMPLATES, type Template } from '../../sim/templates';
import { type Fields, Form } from '../../wire/form';
import { Problem } from '../../wire/problem';
import { type Answer, type Handler, ok } from '../../wire/router';
import { Refusal } from '../refusal';
import type { AddRoutes } from '../route';

const DEFAULT_WIDTH_PX = 800;
const NANOSECONDS_PER_MS = 1_000_000;

/** Pictures rendered from templates, with bare answers and bare errors. */
export const vreRoutes: AddRoutes = (on) => {
  on(
    'POST',
    '/vre/render',
    withBareErrors(({ body }) => ok(renderView(new Form(body)))),
  );
  on(
    'POST',
    '/vre/render-and-send',
    withBareErrors(({ body }) => {
      const form = new Form(body);
      // The conversation is ignored; this names the recipient.
      if (!form.text('send_to')) throw new Problem(400, 'send_to is required');
      return ok({ ...renderView(form), delivered: true });
    }),
  );
  on('GET', '/vre/templates', () => ok({ templates: TEMPLATES.map(({ id }) => id) }));
  on(
    'GET',
    '/vre/templates/:id/preview',
    withBareErrors(({ params }) => {
      const template = findTemplate(params.id ?? '');
      return ok(pictureView(draw(template, template.example, DEFAULT_WIDTH_PX, 1)));
    }),
  );
};

function renderView(form: Form): Fields {
  const began = performance.now();
  const template = findTemplate(form.needText('template_id'));
  const data = checkData(template, form);
  const followUp = form.text('follow_up_text');
  const width = form.number('width', { min: 100, max: 2000, integer: true }) ?? DEFAULT_WIDTH_PX;
  const picture = draw(template, data, width, form.number('scale', { min: 0.5, max: 3 }) ?? 1);
  return {
    ...pictureView(picture),
    caption: form.text('caption') ?? captionOf(template, data),
    ...(followUp && { follow_up_text: followUp }),
    format: 'png',
    size_bytes: picture.data.length,
    // The server reports nanoseconds under this name.
    render_time_ms: Math.round((performance.now() - began) * NANOSECONDS_PER_MS),
    cache_hit: false,
  };
}

function pictureView({ data, width, height }: Picture): Fields {
  return { image_base64: `data:image/png;base64,${data.toString('base64')}`, width, height };
}

function findTemplate(id: string): Template {
  const template = TEMPLATES.find((known) => known.id === id);
  if (!template) throw new Problem(404, 'template not found');
  return template;
}

/** Answers errors as `{error}`. */
function withBareErrors(handler: (call: Parameters<Handler>[0]) => Answer): Handler {
  return (call) => {
    try {
      return handler(call);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw new Refusal(error.status, '', error.message, 'bare');
    }
  };
}
