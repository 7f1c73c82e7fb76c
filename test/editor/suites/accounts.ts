import { strict as assert } from 'node:assert';
import { Dialog, exportOf, nodeOf, usersOf } from '../dialog';
import type { EditorSetup } from '../editor-setup';

/** Further accounts of a node, of which its messages choose one. */
export function accounts(shared: EditorSetup): void {
  describe('more accounts', () => {
    const id = 'first-linktor-send';
    const boxOf = (dialog: Dialog, account: string) =>
      dialog.row('accounts').locator(`.linktor-checks input[data-option="${account}"]`);

    it('are ticked by name, and stored as Node-RED stores config nodes', async () => {
      const { page } = shared;
      const dialog = await Dialog.open(page, 'linktor-send', id);
      await dialog.unfold();
      // An account without a name cannot be chosen by a message. Earlier tests have named some of the others.
      const nameless = (await page.evaluate(`(() => {
        const ids = [];
        RED.nodes.eachConfig(({ id, type, name }) => {
          if (type === 'linktor-config' && !name) ids.push(id);
        });
        return ids;
      })()`)) as string[];
      assert.ok(nameless.length > 0);
      for (const one of nameless) assert.equal(await boxOf(dialog, one).count(), 0, one);
      await boxOf(dialog, 'twin-too').check();
      await dialog.save();
      assert.deepEqual((await nodeOf(page, id)).values.accounts, ['twin-too']);
      assert.deepEqual(await usersOf(page, 'twin-too'), [id]);
    });

    it('are in an export, and keep their connection in an import with new ids', async () => {
      const { exported, imported } = await exportOf(shared.page, id);
      const [config] = exported.filter((one) => one.id === 'twin-too');
      assert.equal(config?.type, 'linktor-config');
      const copy = imported.find(({ type }) => type === 'linktor-send');
      const account = imported.find(({ name }) => name === 'Twin');
      assert.notEqual(account?.id, 'twin-too');
      assert.deepEqual(copy?.accounts, [account?.id]);
      assert.equal(account?.users, 1);
    });

    it('stay when the dialog is only opened, and go when the tick is taken away', async () => {
      const { page } = shared;
      const again = await Dialog.open(page, 'linktor-send', id);
      await again.save();
      assert.deepEqual((await nodeOf(page, id)).values.accounts, ['twin-too']);
      const dialog = await Dialog.open(page, 'linktor-send', id);
      // A setting that differs keeps its group open.
      await boxOf(dialog, 'twin-too').uncheck();
      await dialog.save();
      assert.deepEqual((await nodeOf(page, id)).values.accounts, []);
      assert.deepEqual(await usersOf(page, 'twin-too'), []);
    });
  });
}
