import { Form } from '../wire/form';
import { type Answer, ok, type Router } from '../wire/router';

interface Tagged {
  id: string;
  tags: string[];
}

/**
 * Adding and removing tags of one resource: POST, DELETE with a body, and the POST that stands in for it where a body
 * with DELETE is not possible.
 *
 * @param path of one record, with `:id`
 * @param save stores the new tags and tells everybody
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
