import { strict as assert } from 'node:assert';
import { palette } from '../../nodes';
import { versions } from '../support/red';
import { Dialog, nodeOf, setProperties } from './dialog';
import { setUpEditor } from './editor-setup';

const type = 'linktor-send';
const id = `first-${type}`;
const { fields } = palette.find((one) => one.type === type) ?? assert.fail();

for (const version of versions) {
  describe(`the placeholders of a template, in the editor of ${version.name}`, function () {
    this.timeout(60_000);
    const setup = setUpEditor(version, { ownServer: true });
    const empty = { kind: 'template', config: 'own-server', parameters: '', parametersType: 'json', language: '' };

    async function open(stored: Record<string, unknown> = {}): Promise<Dialog> {
      const all = { ...empty, template: '', templateType: 'str', ...stored };
      await setProperties(setup.page, id, all);
      return Dialog.open(setup.page, type, id);
    }

    const table = (dialog: Dialog) => dialog.row('parameters').locator('.linktor-placeholders');
    const lines = (dialog: Dialog) => table(dialog).locator('[data-placeholder]');
    const note = (dialog: Dialog, text: string) =>
      table(dialog).locator('[role=status]').filter({ hasText: text }).waitFor();
    const names = (dialog: Dialog) =>
      lines(dialog).evaluateAll((found) => found.map((line) => line.getAttribute('data-placeholder')));
    const value = (dialog: Dialog, placeholder: string) =>
      table(dialog).locator(`[data-placeholder="${placeholder}"] input.red-ui-typedInput-input`);

    it('are there as soon as it is picked, with its language, and are stored with their sources', async () => {
      const { page } = setup;
      const dialog = await open();
      await dialog.row('template').locator('.red-ui-typedInput-option-expand').click();
      const offered = dialog.row('template').locator('[role=option]');
      await offered.filter({ hasText: 'order_update' }).filter({ hasText: 'en · UTILITY' }).click();
      await lines(dialog).nth(3).waitFor();
      assert.deepEqual(await names(dialog), ['header.1', 'body.1', 'body.2', 'button.1.url']);
      assert.equal(await dialog.input('language').inputValue(), 'en');
      const body = table(dialog).locator('[data-placeholder="body.2"]');
      assert.match(await body.innerText(), /\{\{2\}\}\s+.*arrives on \{\{2\}\}/);
      await value(dialog, 'body.1').fill('Dear {{contact.name}}');
      await value(dialog, 'body.2').fill('Friday');
      await value(dialog, 'header.1').fill('XS1');
      assert.equal(await dialog.isWrong('parameters'), true, 'the button has no value yet');
      const button = table(dialog).locator('[data-placeholder="button.1.url"]');
      await button.locator('.red-ui-typedInput-type-select').click();
      await page.locator('.red-ui-typedInput-options:visible').getByText('msg.', { exact: true }).click();
      await value(dialog, 'button.1.url').fill('order');
      await value(dialog, 'button.1.url').press('Tab');
      assert.equal(await dialog.isWrong('parameters'), false);
      await dialog.save();
      const { values } = await nodeOf(page, id);
      assert.deepEqual([values.template, values.templateType, values.language], ['order_update', 'str', 'en']);
      assert.deepEqual(JSON.parse(String(values.parameters)), [
        { placeholder: 'header.1', value: 'XS1', valueType: 'str' },
        { placeholder: 'body.1', value: 'Dear {{contact.name}}', valueType: 'str' },
        { placeholder: 'body.2', value: 'Friday', valueType: 'str' },
        { placeholder: 'button.1.url', value: 'order', valueType: 'msg' },
      ]);
    });

    it('that have changed are named, and nothing is lost or stored until somebody edits it', async () => {
      const stored = JSON.stringify([
        { placeholder: 'body.first_name', value: 'contact.name', valueType: 'msg' },
        { placeholder: 'body.price', value: '9', valueType: 'str' },
      ]);
      const dialog = await open({ template: 'spring_sale', language: 'en', parameters: stored });
      await note(dialog, 'New in the template: image, {{discount}}, code. No longer in the template: body.price.');
      assert.equal(await dialog.input('parameters').inputValue(), stored);
      await table(dialog).locator('[data-placeholder="body.price"] > button').click();
      assert.equal(await table(dialog).locator('[role=status]').innerText(), '');
      assert.equal(await dialog.isWrong('parameters'), true, 'those that are new have no value yet');
      assert.deepEqual(await names(dialog), ['header.image', 'body.first_name', 'body.discount', 'button.0.code']);
      await value(dialog, 'body.discount').fill('10 %');
      await value(dialog, 'body.discount').press('Tab');
      const rows = JSON.parse(await dialog.input('parameters').inputValue());
      assert.deepEqual(
        rows.map(({ placeholder, value }: Record<string, string>) => [placeholder, value]),
        [
          ['header.image', ''],
          ['body.first_name', 'contact.name'],
          ['body.discount', '10 %'],
          ['button.0.code', ''],
        ],
      );
      await dialog.cancel();
    });

    it('are none where the template has none, and unknown where it is none of this account', async () => {
      const dialog = await open({ template: 'hello' });
      await note(dialog, 'This template has no placeholders.');
      await dialog.fill({ template: 'goodbye', templateType: 'str' }, fields);
      await note(dialog, 'There is no approved template of this name');
      await dialog.fill({ template: 'template', templateType: 'msg' }, fields);
      await note(dialog, 'only the message tells');
      await dialog.cancel();
    });

    it('can be added by hand where the server lists no templates, and the dialog says why', async () => {
      const dialog = await open({ config: 'account', template: 'mine', language: 'en' });
      await note(dialog, 'This server has no such list.');
      const add = table(dialog).locator('.linktor-add');
      await add.click();
      await value(dialog, 'body.1').fill('Ana');
      await table(dialog).locator('.linktor-place-new').fill('shop');
      await table(dialog).locator('.linktor-place-new').press('Enter');
      await value(dialog, 'body.shop').fill('payload.shop');
      await add.click();
      assert.deepEqual(await names(dialog), ['body.1', 'body.shop', 'body.2']);
      await table(dialog).locator('[data-placeholder="body.2"] > button').click();
      assert.deepEqual(await names(dialog), ['body.1', 'body.shop']);
      await dialog.cancel();
    });

    it('take what was stored as a plain list, and leave richer JSON alone', async () => {
      const dialog = await open({ template: 'order_update', language: 'pt_BR', parameters: '["Ana",17]' });
      await lines(dialog).nth(1).waitFor();
      await value(dialog, 'body.2').waitFor();
      assert.deepEqual(
        [await value(dialog, 'body.1').inputValue(), await value(dialog, 'body.2').inputValue()],
        ['Ana', '17'],
      );
      await dialog.cancel();
      const rich = await open({ template: 'order_update', parameters: '[{"type":"currency"}]' });
      await note(rich, 'more than the table can show');
      await rich.cancel();
    });

    it('of a picture are what its template wants', async () => {
      const picture = 'linktor-template';
      const of = `first-${picture}`;
      await setProperties(setup.page, of, {
        template: 'status_pedido',
        templateType: 'str',
        data: '',
        dataType: 'json',
      });
      const dialog = await Dialog.open(setup.page, picture, of);
      const row = dialog.row('data').locator('[data-placeholder]');
      await row.nth(6).waitFor();
      await row.first().locator('input.red-ui-typedInput-input').fill('XS1');
      await row.first().locator('input.red-ui-typedInput-input').press('Tab');
      const rows = JSON.parse(await dialog.input('data').inputValue());
      assert.deepEqual(
        rows.map(({ placeholder }: Record<string, string>) => placeholder),
        ['numero_pedido', 'status_atual'],
      );
      await dialog.cancel();
    });
  });
}
