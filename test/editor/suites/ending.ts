import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { exampleFlow, moduleName, Shop } from '../../support/red';
import { Dialog } from '../dialog';
import { canaries, type EditorSetup } from '../editor-setup';

/** Takes an example of the first folder out of the import dialog, as a user does. */
async function choose(page: Page, example: string): Promise<void> {
  await page.keyboard.press('Control+i');
  await page.locator('#red-ui-clipboard-dialog-tab-import .red-ui-tab, #red-ui-clipboard-dialog').first().waitFor();
  await page.locator('#red-ui-tab-red-ui-clipboard-dialog-import-tab-examples a').click();
  const tree = page.locator('#red-ui-clipboard-dialog-import-tab-examples');
  await tree.getByText(moduleName, { exact: true }).click();
  await tree.getByText('1 - First steps', { exact: true }).click();
  await tree.getByText(example, { exact: true }).click();
  await page.locator('#red-ui-clipboard-dialog-ok').click();
}

/** The last tests: the first of them removes every node. */
export function ending(setup: EditorSetup): void {
  describe('in the end', () => {
    it('imports an example as a user does, and it works once it is deployed', async () => {
      const { page, red, sandbox } = setup;
      const [example] = exampleFlow('').filter(({ type }) => type === 'tab');
      await red.deploy([{ id: 'empty', type: 'tab', label: 'Empty' }]);
      await page.goto('about:blank');
      await page.goto(red.url);
      await page.locator('#red-ui-palette-Linktor').waitFor();
      await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
      await choose(page, '3 - Knowledge answer');
      await page.locator('#red-ui-clipboard-dialog').waitFor({ state: 'hidden' });
      await page
        .locator('.red-ui-tab-label', { hasText: String(example?.label) })
        .first()
        .waitFor();
      const config = await page.evaluate(
        `(() => { let id; RED.nodes.eachConfig((node) => { if (node.type === 'linktor-config') id = node.id; }); return id; })()`,
      );
      if (sandbox.port !== 4010) {
        const dialog = await Dialog.open(page, 'linktor-config', String(config));
        await dialog.input('baseUrl').fill(sandbox.url);
        await dialog.save();
      }
      const deployed = page.waitForResponse(
        (response) => response.url().endsWith('/flows') && response.request().method() === 'POST',
      );
      await page.locator('#red-ui-header-button-deploy').click();
      assert.ok((await deployed).ok());

      const shop = new Shop(sandbox.url);
      await shop.heard();
      const question = 'How much is shipping to Rio de Janeiro?';
      const conversation = await shop.customerWrites({ name: `Importer of ${setup.version.name}` }, question);
      assert.match((await shop.answered(conversation)).text, /R\$ 29/);
    });

    it('imports a second one, which uses the account of the first', async () => {
      const { page } = setup;
      await choose(page, '1 - First reply');
      await page.getByRole('button', { name: 'Import copy' }).click();
      await page.locator('.red-ui-tab-label', { hasText: 'First reply' }).first().waitFor();
      const accounts = await page.evaluate(
        `RED.nodes.filterNodes({ type: 'linktor-send' }).map(({ config }) => config)`,
      );
      assert.deepEqual(accounts, ['linktor_sandbox', 'linktor_sandbox']);
    });

    it('never complained, and never told a secret', async () => {
      const { record } = setup.window;
      assert.deepEqual(record.errors, []);
      const { answers, frames } = await record.received();
      assert.ok(answers.length > 50 && frames.length > 0, 'something was looked at');
      for (const secret of [setup.token, ...Object.values(canaries)]) {
        const told = [...answers, ...frames].find((one) => one.includes(secret));
        assert.equal(told, undefined);
      }
      // The examples and the help name the sandbox's key: it is no secret there.
      const keys = [...answers, ...frames].filter((told) => told.includes('sandbox-key'));
      const places = keys.map((told) => told.split('\n', 1)[0] ?? '');
      assert.deepEqual(
        places.filter((place) => !/\/(examples|nodes|help)\b/.test(place)),
        [],
      );
    });
  });
}
