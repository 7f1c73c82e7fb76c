import type { AdminHandler, AdminRequest, RED } from '../red';

/** Routes for Node-RED's own editor only, each with the required permission of the user. */
export interface EditorRoutes {
  /** @param permission a permission of Node-RED's `adminAuth` */
  get(path: string, permission: string, handler: AdminHandler): void;
  post(path: string, permission: string, handler: AdminHandler): void;
}

/**
 * Every route is guarded in two ways: by `adminAuth`, if configured, and by the origin of the request. Without
 * `adminAuth`, any page in the same browser could send requests as well, since Node-RED's admin API accepts every
 * origin.
 */
export function editorRoutes(red: RED): EditorRoutes {
  const mayAsk = (permission: string) => red.auth.needsPermission(permission);
  const guarded =
    (permission: string): AdminHandler =>
    (request, response, next) => {
      if (!isFromEditor(request)) {
        response.status(403).json({ code: 'authorization', message: 'Only the editor of this Node-RED may ask this.' });
        return;
      }
      mayAsk(permission)(request, response, next);
    };
  return {
    get: (path, permission, handler) => red.httpAdmin.get(path, guarded(permission), handler),
    post: (path, permission, handler) => red.httpAdmin.post(path, guarded(permission), handler),
  };
}

/**
 * The editor uses jQuery, which sends `X-Requested-With`. A foreign page cannot send this header without a preflight
 * request, and the browser then names the origin of the page in `Sec-Fetch-Site`, or else in `Origin`.
 */
function isFromEditor({ headers }: AdminRequest): boolean {
  if (String(headers['x-requested-with']).toLowerCase() !== 'xmlhttprequest') return false;
  const site = headers['sec-fetch-site'];
  // Behind a proxy the host name may differ, so the browser's own header takes precedence.
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}
