import { read, write } from '../calls';
import * as entities from '../entities';
import type { Contract, SearchFilter } from '../index';
import { crud } from './calls';

/** Analytics (contract 1.10). */
export const analytics: Contract['analytics'] = {
  figures: (what, { startDate, endDate }) => read(['analytics', what], entities.facts, { startDate, endDate }),
  report: (input) => write('POST', ['analytics', 'reports'], entities.report, input, 'read'),
  export: (input) => write('POST', ['analytics', 'export'], entities.facts, input),
};

/** The visual response engine speaks snake_case even here (contract 1.11). */
export const vre: Contract['vre'] = {
  render: ({ template, data, tenantId, channel, format, width, quality, scale }) =>
    write(
      'POST',
      ['vre', 'render'],
      entities.rendering,
      { tenant_id: tenantId, template_id: template, data, channel, format, width, quality, scale },
      'read',
    ),
  renderAndSend: ({ conversation, template, data, caption, followUpText }) => ({
    ...write('POST', ['vre', 'render-and-send'], entities.rendering, {
      conversation_id: conversation,
      template_id: template,
      data,
      caption,
      follow_up_text: followUpText,
    }),
    lane: conversation,
  }),
  templates: (tenantId) => read(['vre', 'templates'], entities.visualTemplates, { tenant_id: tenantId }),
  preview: (template, data) =>
    write('POST', ['vre', 'templates', template, 'preview'], entities.rendering, { data }, 'read'),
};

/** Webhook registrations, for servers that manage them (contract 1.13). */
export const webhooks: Contract['webhooks'] = {
  ...crud<ReturnType<typeof entities.webhook>, SearchFilter>(['webhooks'], entities.webhook, 'webhooks'),
  test: (id, event) => ({ ...write('POST', ['webhooks', id, 'test'], entities.facts, { event }), isTest: true }),
};
