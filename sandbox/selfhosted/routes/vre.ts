import { captionOf, checkData, draw, type Picture, TEMPLATES, type Template } from '../../sim/templates';
import { type Fields, Form } from '../../wire/form';
import { Problem } from '../../wire/problem';
import { type Answer, type Handler, ok } from '../../wire/router';
import { Refusal } from '../refusal';
import type { Routes } from '../route';

const WIDTH = 800;
const NANOSECONDS = 1_000_000;

/** Pictures made from templates, in bare answers and with errors of their own. */
export const vreRoutes: Routes = (on) => {
  on(
    'POST',
    '/vre/render',
    plainly(({ body }) => ok(rendered(new Form(body)))),
  );
  on(
    'POST',
    '/vre/render-and-send',
    plainly(({ body }) => {
      const form = new Form(body);
      // The conversation is not looked at; only this says who is to get the picture.
      if (!form.text('send_to')) throw new Problem(400, 'send_to is required');
      return ok({ ...rendered(form), delivered: true });
    }),
  );
  on('GET', '/vre/templates', () => ok({ templates: TEMPLATES.map(({ id }) => id) }));
  on(
    'GET',
    '/vre/templates/:id/preview',
    plainly(({ params }) => {
      const template = find(params.id ?? '');
      return ok(pictureView(draw(template, template.example, WIDTH, 1)));
    }),
  );
};

function rendered(form: Form): Fields {
  const began = performance.now();
  const template = find(form.needText('template_id'));
  const data = checkData(template, form);
  const followUp = form.text('follow_up_text');
  const width = form.number('width', { min: 100, max: 2000, whole: true }) ?? WIDTH;
  const picture = draw(template, data, width, form.number('scale', { min: 0.5, max: 3 }) ?? 1);
  return {
    ...pictureView(picture),
    caption: form.text('caption') ?? captionOf(template, data),
    ...(followUp && { follow_up_text: followUp }),
    format: 'png',
    size_bytes: picture.data.length,
    // The name says milliseconds, the value is nanoseconds.
    render_time_ms: Math.round((performance.now() - began) * NANOSECONDS),
    cache_hit: false,
  };
}

function pictureView({ data, width, height }: Picture): Fields {
  return { image_base64: `data:image/png;base64,${data.toString('base64')}`, width, height };
}

function find(id: string): Template {
  const template = TEMPLATES.find((known) => known.id === id);
  if (!template) throw new Problem(404, 'template not found');
  return template;
}

/** Says a refusal as `{error}`. */
function plainly(handler: (call: Parameters<Handler>[0]) => Answer): Handler {
  return (call) => {
    try {
      return handler(call);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw new Refusal(error.status, '', error.message, 'bare');
    }
  };
}
