import type { ServerResponse } from 'node:http';
import { invalid, LinktorError } from '../../../lib/errors';
import type { RED, HttpRequest as Request } from '../red';
import { afterMiddleware } from './middleware';
import { normalised, pathOf } from './routes';

export interface PageAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: string | Buffer;
}

/** A read-only page for GET and HEAD. */
export interface Page {
  /** below httpNodeRoot and `/linktor/` */
  path: string;
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
  const isOff = red.settings.httpNodeRoot === false || typeof red.httpNode?.use !== 'function';
  const app = isOff ? undefined : red.httpNode;
  app?.use((request, response, next) => {
    const page = pages.get(pathOf(request));
    if (!page || (request.method !== 'GET' && request.method !== 'HEAD')) return next();
    afterMiddleware(red, request, response, next, () =>
      write(response, page.answer(request), request.method === 'HEAD'),
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
      return () => {
        if (pages.get(key) === page) pages.delete(key);
      };
    },
  };
}

function write(response: ServerResponse, { status, headers = {}, body = '' }: PageAnswer, isHead: boolean): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { 'Content-Length': length, 'X-Content-Type-Options': 'nosniff', ...headers });
  response.end(isHead ? undefined : body);
}
