import type { ServerResponse } from 'node:http';
import { invalid, LinktorError } from '../../../lib/errors';
import type { RED, HttpRequest as Request } from '../red';
import { afterMiddleware } from './middleware';
import { normalised, pathOf } from './routes';

export interface PageAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: string | Buffer;
  /** called when the whole body of a GET has left; never throws */
  whenSent?(): void;
}

/** A read-only page, or all pages below a path, for GET and HEAD. */
export interface Page {
  /** below httpNodeRoot and `/linktor/` */
  path: string;
  /** it answers for every path below its own, and refuses other methods */
  isFolder?: boolean;
  /** named in the error of another page with the same path */
  owner: string;
  /** never throws */
  answer(request: Request): PageAnswer;
}

export interface Pages {
  /** a password protects all HTTP routes of nodes */
  readonly isGuarded: boolean;
  /**
   * @returns the function that ends it
   * @throws LinktorError `validation` for a path outside `/linktor/`, `conflict` when another node has the path
   */
  serve(page: Page): () => void;
}

/** Serve pages of our nodes below `/linktor/`; Node-RED's own middleware and password come first. */
export function servePages(red: RED): Pages {
  const pages = new Map<string, Page>();
  const folders: { key: string; page: Page }[] = [];
  const isOff = red.settings.httpNodeRoot === false || typeof red.httpNode?.use !== 'function';
  const app = isOff ? undefined : red.httpNode;
  app?.use((request, response, next) => {
    const path = pathOf(request);
    const page = pages.get(path) ?? folders.find(({ key }) => path.startsWith(key))?.page;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!page || (!isRead && !page.isFolder)) return next();
    afterMiddleware(red, request, response, next, () =>
      write(response, isRead ? page.answer(request) : onlyReads, request.method === 'HEAD'),
    );
  });
  return {
    isGuarded: Boolean(red.settings.httpNodeAuth),
    serve(page) {
      if (!app) throw new LinktorError('not_supported', 'HTTP is switched off in the settings of Node-RED.');
      const key = normalised(page.path);
      if (!key.startsWith('/linktor/')) {
        throw invalid(`The path "${page.path}" is not below /linktor/.`, 'Begin it with /linktor/.');
      }
      const owner = pages.get(key)?.owner;
      if (owner !== undefined) {
        throw new LinktorError('conflict', `The path ${page.path} is taken: ${owner} answers there.`, {
          hint: 'Choose another path below /linktor/.',
        });
      }
      pages.set(key, page);
      if (page.isFolder) folders.push({ key: `${key}/`, page });
      return () => {
        if (pages.get(key) === page) pages.delete(key);
        const index = folders.findIndex((one) => one.page === page);
        if (index >= 0) folders.splice(index, 1);
      };
    },
  };
}

const onlyReads: PageAnswer = { status: 405, headers: { Allow: 'GET, HEAD' } };

function write(
  response: ServerResponse,
  { status, headers = {}, body = '', whenSent }: PageAnswer,
  isHead: boolean,
): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { 'Content-Length': length, 'X-Content-Type-Options': 'nosniff', ...headers });
  if (isHead) response.end();
  else response.end(body, whenSent);
}
