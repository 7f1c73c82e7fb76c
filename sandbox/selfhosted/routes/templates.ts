import type { MessageTemplate } from '../../state/entities';
import type { Fields } from '../../wire/form';
import { ok } from '../../wire/router';
import type { AddRoutes } from '../route';
import { timesView } from '../views';

const USUAL_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 250;

/** Templates of messages, newest first. The list pages, and still says that there is no next page. */
export const templateRoutes: AddRoutes = (on, { world: { state } }) => {
  on('GET', '/templates', ({ query }) => {
    const [page = 1, given = 0] = ['page', 'page_size'].map((name) => Math.trunc(Number(query.get(name)) || 0));
    const size = given > 0 && given <= MAX_PAGE_SIZE ? given : USUAL_PAGE_SIZE;
    const place = Math.max(page, 1);
    const found = state.templates
      .all()
      .toReversed()
      .filter((one) => isAsked(one, query));
    const items = found.slice((place - 1) * size, place * size).map(templateView);
    const meta = { page: place, page_size: size, total_pages: 0, total_items: found.length };
    return ok({
      success: true,
      data: items.length > 0 ? items : null,
      meta: { ...meta, has_next: false, has_previous: false },
    });
  });
};

function isAsked(template: MessageTemplate, query: URLSearchParams): boolean {
  const { name, language, status, category, channelId } = template;
  const exact = Object.entries({ language, status, category, channel_id: channelId });
  const part = query.get('name')?.toLowerCase() ?? '';
  return exact.every(([key, value]) => (query.get(key) || value) === value) && name.toLowerCase().includes(part);
}

function templateView(template: MessageTemplate): Fields {
  const { id, tenantId, channelId, name, language, category, status, components } = template;
  return {
    ...{ id, tenant_id: tenantId, channel_id: channelId, external_id: `hsm_${id}`, name, language, category, status },
    quality_score: 'UNKNOWN',
    components,
    ...timesView(template),
  };
}
