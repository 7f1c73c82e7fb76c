import type { AdminHandler, AdminRequest, RED } from '../red';

/** Routes that only Node-RED's own editor may call, with the permission that a user needs. */
export interface EditorRoutes {
  /** @param permission of Node-RED's `adminAuth` */
  get(path: string, permission: string, handler: AdminHandler): void;
  post(path: string, permission: string, handler: AdminHandler): void;
}

/**
 * Every route is guarded in two ways: by `adminAuth`, where it is set up, and by where the request comes from. Without
 * `adminAuth` any page that somebody has open in the same browser could ask as well, and Node-RED's admin side answers
 * every origin.
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
 * The editor asks with jQuery, which names itself. A foreign page cannot send that header without asking the server
 * first, and a browser says then where the page comes from: in `Sec-Fetch-Site`, or else in `Origin`.
 */
function isFromEditor({ headers }: AdminRequest): boolean {
  if (String(headers['x-requested-with']).toLowerCase() !== 'xmlhttprequest') return false;
  const site = headers['sec-fetch-site'];
  // Behind a proxy the name of the host may be another one; the browser knows better.
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}
