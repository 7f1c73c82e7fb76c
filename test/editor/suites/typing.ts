import { strict as assert } from 'node:assert';
import { palette } from '../../../nodes';
import { Dialog, newNode, nodeOf, removeNode, setProperties } from '../dialog';
import type { EditorSetup } from '../editor-setup';

/** What people type into: texts with lines, tables, and the defaults of new nodes. */
export function typing(setup: EditorSetup): void {
  const type = 'linktor-send';
  const id = 'first-linktor-send';

  function open(values: Record<string, unknown>): Promise<Dialog> {
    return setProperties(setup.page, id, values).then(() => Dialog.open(setup.page, type, id));
  }

  function titles(dialog: Dialog): Promise<string[]> {
    const cells = dialog.row('buttons').locator('[data-column="title"]');
    return cells.evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
  }

  async function stored(name: string): Promise<unknown> {
    const value = String((await nodeOf(setup.page, id)).values[name]);
    return value === '' ? [] : JSON.parse(value);
  }

  describe('a text', () => {
    it('keeps its lines, over another source and back, and when it is opened again', async () => {
      const text = 'Hello {{contact.name}},\nhow can we help?\n';
      const dialog = await open({ kind: 'text', text: '', textType: 'str' });
      await dialog.area('text').fill(text);
      await dialog.take('text', 'msg.');
      assert.equal(await dialog.area('text').isVisible(), false);
      await dialog.take('text', 'text');
      assert.equal(await dialog.area('text').inputValue(), text);
      await dialog.save();
      const { values } = await nodeOf(setup.page, id);
      assert.deepEqual([values.text, values.textType], [text, 'str']);
      const again = await open({});
      assert.equal(await again.area('text').inputValue(), text);
      await again.cancel();
      assert.equal((await nodeOf(setup.page, id)).values.text, text);
    });

    it('grows with its lines', async () => {
      const dialog = await open({ kind: 'text', text: '', textType: 'str' });
      const height = async () => (await dialog.area('text').boundingBox())?.height ?? 0;
      const before = await height();
      await dialog.area('text').fill('line\n'.repeat(8));
      assert.ok((await height()) > before + 60);
      await dialog.cancel();
    });

    it('takes what the menu offers where the cursor is', async () => {
      const dialog = await open({ kind: 'text', text: 'Dear , hello', textType: 'str' });
      await dialog.area('text').evaluate((area: HTMLTextAreaElement) => area.setSelectionRange(5, 5));
      await dialog.row('text').locator('.linktor-insert select').selectOption('contact.name');
      assert.equal(await dialog.area('text').inputValue(), 'Dear {{contact.name}}, hello');
      assert.equal(await dialog.row('text').locator('.linktor-insert select').inputValue(), '');
      await dialog.cancel();
    });

    it('of an older flow stays where it was', async () => {
      const dialog = await open({ kind: 'text', text: '', textType: undefined });
      assert.equal(await setup.page.locator('#node-input-textType').inputValue(), 'msg');
      assert.equal(await dialog.line('text').getAttribute('placeholder'), 'payload');
      await dialog.cancel();
    });
  });

  describe('a table', () => {
    const one = [{ title: 'Yes', id: 'y' }];

    it('is filled in without a button: there is always an empty line, and empty lines are not kept', async () => {
      const dialog = await open({ kind: 'buttons', buttons: '', buttonsType: 'json' });
      await dialog.cell('buttons', 0, 'title').fill('Yes');
      await dialog.cell('buttons', 1, 'title').fill('No, "thanks"');
      await dialog.cell('buttons', 1, 'id').fill('n');
      assert.deepEqual(await titles(dialog), ['Yes', 'No, "thanks"', '']);
      await dialog.save();
      assert.deepEqual(await stored('buttons'), [{ title: 'Yes' }, { title: 'No, "thanks"', id: 'n' }]);
      const again = await open({});
      assert.deepEqual(await titles(again), ['Yes', 'No, "thanks"', '']);
      await again.row('buttons').locator('.red-ui-editableList-item-remove').first().click();
      await again.cell('buttons', 2, 'title').waitFor({ state: 'detached' });
      await again.save();
      assert.deepEqual(await stored('buttons'), [{ title: 'No, "thanks"', id: 'n' }]);
    });

    it('goes to its last line with Enter, and with its button', async () => {
      const dialog = await open({ kind: 'buttons', buttons: JSON.stringify(one), buttonsType: 'json' });
      const isFocused = () => dialog.cell('buttons', 1, 'title').evaluate((cell) => cell === document.activeElement);
      await dialog.cell('buttons', 0, 'title').press('Enter');
      assert.equal(await isFocused(), true);
      await dialog.cell('buttons', 0, 'id').focus();
      await dialog.row('buttons').locator('.linktor-add').click();
      assert.equal(await isFocused(), true);
      assert.equal((await titles(dialog)).length, 2, 'an empty line is not made twice');
      await dialog.cancel();
    });

    it('takes lines out of a spreadsheet, without the line that names the columns', async () => {
      const dialog = await open({ kind: 'buttons', buttons: '', buttonsType: 'json' });
      await dialog.paste(dialog.cell('buttons', 0, 'title'), 'Title\tid\nYes\ty\r\nNo\tn\n');
      assert.deepEqual(await titles(dialog), ['Yes', 'No', '']);
      await dialog.paste(dialog.cell('buttons', 2, 'title'), 'Later\nNever');
      await dialog.save();
      const expected = [{ title: 'Yes', id: 'y' }, { title: 'No', id: 'n' }, { title: 'Later' }, { title: 'Never' }];
      assert.deepEqual(await stored('buttons'), expected);
    });

    it('keeps what it does not show', async () => {
      const more = [{ ...one[0], style: 'primary' }];
      const dialog = await open({ kind: 'buttons', buttons: JSON.stringify(more), buttonsType: 'json' });
      await dialog.cell('buttons', 0, 'title').fill('Yes!');
      await dialog.save();
      assert.deepEqual(await stored('buttons'), [{ title: 'Yes!', id: 'y', style: 'primary' }]);
    });

    it('leaves alone what is more than a table, and says so', async () => {
      const odd = '{ "buttons": [ { "title": "Yes" } ] }';
      const dialog = await open({ kind: 'buttons', buttons: odd, buttonsType: 'json' });
      assert.match(await dialog.row('buttons').locator('.linktor-table').innerText(), /more than the table can show/);
      assert.equal(await dialog.row('buttons').locator('.linktor-columns').first().isVisible(), false);
      await dialog.save();
      assert.equal((await nodeOf(setup.page, id)).values.buttons, odd);
    });

    it('has its JSON behind a button', async () => {
      const { page } = setup;
      // Its workers come when it is closed already, as on a slow machine.
      let release: () => void = () => undefined;
      const closed = new Promise<void>((resolve) => {
        release = resolve;
      });
      await page.route('**/*.worker.js', (route) => closed.then(() => route.continue()));
      const dialog = await open({ kind: 'buttons', buttons: JSON.stringify(one), buttonsType: 'json' });
      await dialog.row('buttons').locator('.red-ui-typedInput-option-expand').click();
      await page.locator('#node-input-json-reformat').waitFor();
      const shown = await page.evaluate(`monaco.editor.getEditors().at(-1).getValue()`);
      assert.equal(shown, JSON.stringify(one, null, 2));
      await page.locator('#node-dialog-cancel').last().click();
      await page.locator('#node-input-json-reformat').waitFor({ state: 'detached' });
      release();
      await page.unroute('**/*.worker.js');
      // The big editor itself is Node-RED's: what it gives back is what counts.
      await page.evaluate(`{
        const { editJSON } = RED.editor;
        RED.editor.editJSON = ({ complete }) => complete('[{ "title": "Maybe" }]');
        $('[data-field=buttons] .red-ui-typedInput-option-expand').trigger('click');
        RED.editor.editJSON = editJSON;
      }`);
      assert.deepEqual(await titles(dialog), ['Maybe', '']);
      await dialog.cancel();
    });

    it('does not widen the dialog', async () => {
      const fresh = { kind: 'text', text: '', textType: 'msg', buttons: '', buttonsType: 'msg' };
      const width = async (kind: string) => {
        const dialog = await open({ kind, buttons: '', buttonsType: 'json' });
        const box = await setup.page.locator('.red-ui-tray').last().boundingBox();
        await dialog.cancel();
        return box?.width;
      };
      const before = await width('text');
      assert.equal(await width('buttons'), before);
      assert.ok(Number(before) < 560, `${before} pixels`);
      await setProperties(setup.page, id, fresh);
    });
  });

  describe('a new node', () => {
    for (const { type, role, fields } of palette) {
      if (role === 'config') continue;
      it(`of ${type} is ready to be typed into`, async () => {
        const { page } = setup;
        const id = await newNode(page, type);
        const dialog = await Dialog.open(page, type, id);
        await dialog.unfold();
        const read = await dialog.read(fields);
        for (const [name, field] of Object.entries(fields)) {
          if (field.kind !== 'typed') continue;
          assert.equal(read[`${name}Type`], field.start, name);
          if (!(await dialog.row(name).isVisible())) continue;
          const placeholder = await dialog.line(name).getAttribute('placeholder');
          if (read[`${name}Type`] === 'msg') assert.equal(placeholder, field.property, name);
        }
        await dialog.cancel();
        await removeNode(page, id);
      });
    }
  });
}
