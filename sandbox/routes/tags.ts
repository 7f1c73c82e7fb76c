import { Form } from '../wire/form';
import { type Answer, ok, type Router } from '../wire/router';

interface Tagged {
  id: string;
  tags: string[];
}

/**
 * Adds routes for the tags of one resource: POST, DELETE with a body, and `POST .../remove` for clients that cannot
 * send a body with DELETE.
 *
 * @param path of one record, with `:id`
 * @param save stores and publishes the new tags
 */
export function tagRoutes<T extends Tagged>(
  router: Router,
  path: string,
  find: (id: string) => T,
  save: (item: T, tags: string[]) => unknown,
): void {
  const change =
    (next: (tags: string[], named: string[]) => string[]) =>
    ({ params, body }: { params: Record<string, string>; body: unknown }): Answer => {
      const item = find(params.id ?? '');
      return ok(save(item, next(item.tags, new Form(body).needTexts('tags'))));
    };
  const remove = change((tags, named) => tags.filter((tag) => !named.includes(tag)));
  router
    .on(
      'POST',
      `${path}/tags`,
      change((tags, named) => [...new Set([...tags, ...named])]),
    )
    .on('DELETE', `${path}/tags`, remove)
    .on('POST', `${path}/tags/remove`, remove);
}
