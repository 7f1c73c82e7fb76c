import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { resourceOf, routeOf } from '../../../lib/client/route';
import { root } from '../../support/imports';

describe('the route of a call, for figures and logs', () => {
  it('shows every segment that the contracts have', () => {
    const contract = readFileSync(path.join(root, 'docs', 'contract.md'), 'utf8');
    const routes = [...contract.matchAll(/`(?:GET|POST|PUT|PATCH|DELETE) (\/[^ `{?]*)/g)].map(([, route = '']) =>
      route.split('/').slice(1),
    );
    assert.ok(routes.length > 60);
    for (const route of routes) {
      const fixed = route.filter((part) => /^[a-z-]+$/.test(part));
      const shown = routeOf(route).split('/').slice(1);
      assert.deepEqual(
        shown.filter((part) => part !== ':id'),
        fixed,
        route.join('/'),
      );
    }
  });

  it('shows nothing else, though it be a plain word', () => {
    assert.equal(routeOf(['contacts', 'by-name', 'maria']), '/contacts/:id/:id');
    assert.equal(routeOf(['conversations', 'maria', 'messages']), '/conversations/:id/messages');
    assert.equal(routeOf(['maria']), '/:id');
  });

  it('counts what is outside of the contracts as other', () => {
    assert.deepEqual([['media', 'upload'], ['templates'], ['maria'], []].map(resourceOf), [
      'media',
      'templates',
      'other',
      'other',
    ]);
  });
});
