import { strict as assert } from 'node:assert';
import { Dialog, nodeOf, setProperties } from '../dialog';
import type { EditorSetup } from '../editor-setup';

const variable = (name: string) => ['$', `{${name}}`].join('');

/** Figures and choices that come from environment variables. */
export function variables(shared: EditorSetup): void {
  describe('a figure or a choice from the environment', () => {
    const id = 'account';

    it('is entered by its name, behind a button of the row', async () => {
      const { page } = shared;
      const dialog = await Dialog.open(page, 'linktor-config', id);
      await dialog.unfold();
      for (const [field, name] of [
        ['timeout', 'SECONDS'],
        ['contract', 'API_KIND'],
      ] as const) {
        await dialog.row(field).hover();
        await dialog.row(field).locator('.linktor-env').click();
        await dialog.row(field).locator('.linktor-variable').fill(name);
        assert.equal(await dialog.input(field).isVisible(), false);
      }
      // What the choice decides may be needed.
      assert.equal(await dialog.row('pollBusy').isVisible(), true);
      await dialog.save();
      const { valid, values } = await nodeOf(page, id);
      assert.equal(valid, true);
      assert.deepEqual([values.timeout, values.contract], [variable('SECONDS'), variable('API_KIND')]);
    });

    it('is shown and kept, and the button takes it back', async () => {
      const { page } = shared;
      const again = await Dialog.open(page, 'linktor-config', id);
      await again.save();
      assert.equal((await nodeOf(page, id)).values.timeout, variable('SECONDS'));
      const dialog = await Dialog.open(page, 'linktor-config', id);
      await dialog.unfold();
      assert.equal(await dialog.row('timeout').locator('.linktor-variable').inputValue(), 'SECONDS');
      for (const field of ['timeout', 'contract']) await dialog.row(field).locator('.linktor-env').click();
      assert.equal(await dialog.input('timeout').inputValue(), '30');
      await dialog.save();
      const { values } = await nodeOf(page, id);
      assert.deepEqual([Number(values.timeout), values.contract], [30, 'auto']);
    });

    it('survives a dialog whose row was never shown', async () => {
      const { page } = shared;
      await setProperties(page, 'first-linktor-conversation', { limit: variable('MOST') });
      const dialog = await Dialog.open(page, 'linktor-conversation', 'first-linktor-conversation');
      await dialog.input('name').fill('renamed');
      await dialog.save();
      assert.equal((await nodeOf(page, 'first-linktor-conversation')).values.limit, variable('MOST'));
      await setProperties(page, 'first-linktor-conversation', { limit: 100, name: '' });
    });

    it('is not offered where outputs depend on the choice', async () => {
      const dialog = await Dialog.open(shared.page, 'linktor-message-in', 'first-linktor-message-in');
      await dialog.unfold();
      assert.equal(await dialog.row('outputs').locator('.linktor-env').count(), 0);
      await dialog.cancel();
    });
  });
}
