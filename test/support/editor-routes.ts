import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './red';

/** A route below the admin root, as documented in SECURITY.md. */
export interface EditorRoute {
  method: 'GET' | 'POST';
  /** as it is registered, such as `/linktor/:id/test` */
  pattern: string;
  permission: string;
}

/** @returns the rows of the table in SECURITY.md that belong to the editor */
export function promisedRoutes(): EditorRoute[] {
  const rows = readFileSync(path.join(root, 'SECURITY.md'), 'utf8').matchAll(
    /^\| `(GET|POST) (\/linktor\/[^`]+)` \| `(linktor-config\.\w+)` \|/gm,
  );
  return [...rows].map(([, method, pattern = '', permission = '']) => ({
    method: method as EditorRoute['method'],
    pattern,
    permission,
  }));
}

/** @returns an address of the route for the account `account` */
export function addressOf({ pattern }: EditorRoute): string {
  return pattern.replace(':id', 'account').replace(':what', 'channels');
}
