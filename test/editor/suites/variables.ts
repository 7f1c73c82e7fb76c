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

    it('is kept in boxes and ticks where it was written by hand, and taken back', async () => {
      const { page } = shared;
      const [node, type] = ['first-linktor-message-in', 'linktor-message-in'];
      const before = (await nodeOf(page, node)).values;
      const written = { senders: variable('WHO'), channelTypes: variable('WHERE'), raw: variable('RAW') };
      await setProperties(page, node, written);
      const renamed = await Dialog.open(page, type, node);
      await renamed.input('name').fill('renamed');
      await renamed.save();
      const kept = (await nodeOf(page, node)).values;
      assert.deepEqual([kept.senders, kept.channelTypes, kept.raw], Object.values(written));
      const dialog = await Dialog.open(page, type, node);
      await dialog.unfold();
      const isListShown = () => dialog.row('senders').locator('select').isVisible();
      assert.equal(await isListShown(), false);
      for (const [field, name] of [
        ['senders', 'WHO'],
        ['raw', 'RAW'],
      ] as const) {
        assert.equal(await dialog.row(field).locator('.linktor-variable').inputValue(), name);
        await dialog.row(field).locator('.linktor-env').click();
      }
      assert.equal(await dialog.row('senders').locator('input[data-option=contact]').isChecked(), true);
      assert.equal(await isListShown(), false);
      await dialog.row('senders').locator('input[data-option=bot]').check();
      await dialog.input('raw').uncheck();
      await dialog.save();
      const { senders, channelTypes, raw } = (await nodeOf(page, node)).values;
      assert.deepEqual([senders, channelTypes, raw], [['contact', 'bot'], variable('WHERE'), false]);
      await setProperties(page, node, before);
    });

    it('is one of several boxes, as is any value that is not listed', async () => {
      const { page } = shared;
      const [node, type] = ['first-linktor-message-in', 'linktor-message-in'];
      const { name, channelTypes: before } = (await nodeOf(page, node)).values;
      const channelTypes = ['sms', 'threads', variable('WHERE')];
      await setProperties(page, node, { channelTypes });
      const renamed = await Dialog.open(page, type, node);
      await renamed.input('name').fill('renamed');
      await renamed.save();
      assert.deepEqual((await nodeOf(page, node)).values.channelTypes, channelTypes);
      const dialog = await Dialog.open(page, type, node);
      await dialog.unfold();
      await dialog.row('channelTypes').getByLabel('threads').uncheck();
      await dialog.save();
      assert.deepEqual((await nodeOf(page, node)).values.channelTypes, ['sms', variable('WHERE')]);
      await setProperties(page, node, { name, channelTypes: before });
    });

    it('is not offered where outputs depend on the choice', async () => {
      const dialog = await Dialog.open(shared.page, 'linktor-message-in', 'first-linktor-message-in');
      await dialog.unfold();
      assert.equal(await dialog.row('outputs').locator('.linktor-env').count(), 0);
      await dialog.cancel();
    });
  });
}
