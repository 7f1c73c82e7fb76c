import { versions } from '../support/red';
import { setUpEditor } from './editor-setup';
import { accounts } from './suites/accounts';
import { asking } from './suites/asking';
import { checking } from './suites/checking';
import { connecting } from './suites/connecting';
import { dialogs } from './suites/dialogs';
import { ending } from './suites/ending';
import { naming } from './suites/naming';
import { picking } from './suites/picking';
import { routing } from './suites/routing';
import { typing } from './suites/typing';
import { variables } from './suites/variables';

for (const version of versions) {
  describe(`the editor of ${version.name}`, function () {
    this.timeout(60_000);
    const shared = setUpEditor(version);
    naming(shared);
    dialogs(shared);
    typing(shared);
    accounts(shared);
    variables(shared);
    routing(shared);
    asking(shared);
    picking(shared);
    checking(shared);
    connecting(shared);
    ending(shared);
  });
}
