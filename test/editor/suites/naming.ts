import { strict as assert } from 'node:assert';
import { languages as every } from '../../../lib/dialogue/languages';
import { openEditor } from '../../support/browser';
import { red4 } from '../../support/red';
import { Dialog, labelOf, setProperties } from '../dialog';
import { type EditorSetup, inPalette } from '../editor-setup';

const languages = every.filter((one) => one !== 'en-US');

/** What things are called. */
export function naming(setup: EditorSetup): void {
  describe('the palette', () => {
    it('shows our nodes in a category of their own, in their order, with words', async () => {
      const labels = await setup.page
        .locator('#red-ui-palette-Linktor .red-ui-palette-node')
        .evaluateAll((nodes) =>
          nodes.map((node) => [node.getAttribute('data-palette-type'), node.textContent?.trim()]),
        );
      assert.deepEqual(
        labels.map(([type]) => type),
        inPalette,
      );
      assert.deepEqual(
        labels.map(([, label]) => label).filter((label) => !label || /linktor-|\./.test(label)),
        [],
      );
    });

    // Every language needs an editor of its own: one Node-RED has to do.
    for (const language of setup.version === red4 ? languages : languages.slice(0, 1)) {
      it(`${language}: shows the palette, the labels and the dialogs in that language`, async () => {
        const foreign = await openEditor(setup.browser, setup.red, language);
        try {
          const palette = '#red-ui-palette-Linktor .red-ui-palette-node';
          const words = await foreign.page.locator(palette).allInnerTexts();
          assert.equal(words.length, inPalette.length);
          assert.notDeepEqual(words, await setup.page.locator(palette).allInnerTexts());
          const label = await labelOf(foreign.page, 'first-linktor-send');
          assert.ok(label.includes(': ') && label !== (await labelOf(setup.page, 'first-linktor-send')), label);
          const dialog = await Dialog.open(foreign.page, 'linktor-send', 'first-linktor-send');
          const rows = await dialog.row('conversation').innerText();
          assert.doesNotMatch(rows, /linktor|^\s*Conversation\s*$/);
          assert.doesNotMatch(await foreign.page.locator('.linktor-fold').innerText(), /More|linktor/);
          assert.deepEqual(foreign.record.errors, []);
        } finally {
          await foreign.context.close();
        }
      });
    }

    it('names a node after what it does, unless its user has named it', async () => {
      const { page } = setup;
      const id = 'first-linktor-send';
      assert.equal(await labelOf(page, id), 'send: text');
      await setProperties(page, id, { kind: 'buttons' });
      assert.equal(await labelOf(page, id), 'send: buttons');
      await setProperties(page, id, { name: 'Greeting' });
      assert.equal(await labelOf(page, id), 'Greeting');
      await setProperties(page, id, { name: '', kind: 'text' });
    });
  });
}
