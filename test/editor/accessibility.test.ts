import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { palette } from '../../nodes';
import { type Sandbox, startSandbox } from '../../sandbox';
import { chromiumPath, editorIsReady, launch, openEditor, openWindow, type Window } from '../support/browser';
import { closedPort, type FlowNode, linkPackage, Red, red4, root, temporaryFolder, versions } from '../support/red';
import { ofCore } from './accessibility-exceptions';
import { assertAccessible, violations } from './axe';
import { Dialog } from './dialog';

const themes = '@node-red-contrib-themes/theme-collection';
const core = { inject: 'core-inject', switch: 'core-switch', 'mqtt-broker': 'core-broker' };

/** Of our dialog: everything that somebody can press or fill in. */
const controls = 'input, select, textarea, button, a[href], [role=button], [role=option]';

for (const version of versions) {
  for (const colorScheme of ['light', 'dark'] as const) {
    describe(`accessible, in the ${colorScheme} theme of ${version.name}`, function () {
      this.timeout(60_000);
      let sandbox: Sandbox;
      let red: Red;
      let browser: Browser;
      let window: Window;
      let page: Page;

      before(async function () {
        if (chromiumPath === '' || !version.red) return this.skip();
        sandbox = await startSandbox();
        const nobody = `http://127.0.0.1:${await closedPort()}`;
        const userDir = temporaryFolder();
        linkPackage(userDir);
        // Node-RED 5 has a dark theme of its own, chosen in the user's settings.
        const isBrought = colorScheme === 'dark' && version === red4;
        if (isBrought) linkThemes(userDir);
        const settings = isBrought ? { editorTheme: { tours: false, theme: 'dark' } } : {};
        const starting = Red.start({ version, userDir, settings, flow: flowFor(sandbox.url, nobody) });
        [red, browser] = await Promise.all([starting, launch()]);
        window = await openEditor(browser, red, 'en-US', { colorScheme });
        ({ page } = window);
        if (colorScheme === 'light' || isBrought) return;
        await page.evaluate(`RED.settings.setLocal('view-dark-theme', 'dark')`);
        await page.reload();
        await editorIsReady(page);
      });

      after(async () => {
        await browser?.close();
        await red?.stop();
        await sandbox?.close();
      });

      it('is what it says', async () => {
        const background = await page.locator('#red-ui-palette').evaluate(luminance);
        assert.equal(background < 0.3, colorScheme === 'dark', String(background));
      });

      for (const { type } of palette) {
        it(`${type}: its whole dialog`, async () => {
          const dialog = await Dialog.open(page, type, type === 'linktor-config' ? 'account' : `the-${type}`);
          await showAll(page);
          await assertAccessible(page, '.red-ui-tray');
          assert.deepEqual(await unnamed(page), []);
          await dialog.cancel();
        });
      }

      it('has no exception that core itself does not need', async () => {
        const needed = new Set<string>();
        for (const [type, id] of Object.entries(core)) {
          await page.evaluate(
            `{ const node = RED.nodes.node('${id}'); node._def.category === 'config' ? RED.editor.editConfig('', '${type}', '${id}') : RED.editor.edit(node); }`,
          );
          const cancel = page.locator('#node-dialog-cancel, #node-config-dialog-cancel');
          await cancel.waitFor();
          await page.locator('#red-ui-tab-editor-tab-properties-link-button').waitFor();
          for (const { core: selector } of await violations(page, '.red-ui-tray')) if (selector) needed.add(selector);
          await cancel.click();
          await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
        }
        const unneeded = Object.values(ofCore)
          .flat()
          .filter((selector) => !needed.has(selector));
        assert.deepEqual(unneeded, []);
      });

      it('the sidebar, connected and refused', async () => {
        await page.evaluate(`RED.actions.invoke('linktor:show-sidebar')`);
        const side = page.locator('.linktor-side');
        for (const [account, state] of [
          ['Shop', /^connected/],
          ['Nobody', /reconnecting/],
        ] as const) {
          await side.locator('.linktor-side-choice').selectOption({ label: account });
          await side.locator('.linktor-side-state', { hasText: state }).waitFor();
          await side.locator('[data-event]').first().waitFor();
          await assertAccessible(page, '.linktor-side');
        }
      });

      if (version === red4) {
        it('the chat page: customers, a conversation, each dialog, wide and narrow', async () => {
          sandbox = await withPage(sandbox);
          const chat = (await openWindow(browser, 'en-US', { colorScheme })).page;
          await chat.goto(sandbox.url);
          await chat.locator('.item').first().waitFor();
          await assertAccessible(chat, 'html');
          await chat.locator('.item').first().click();
          await chat.locator('[data-testid=message]').first().waitFor();
          await assertAccessible(chat, 'html');
          await chat.setViewportSize({ width: 360, height: 700 });
          await assertAccessible(chat, 'html');
          await chat.setViewportSize({ width: 1280, height: 900 });
          for (const opener of ['[data-testid=new-customer]', '#attach', '#start-over']) {
            await chat.locator(opener).click();
            await chat.locator('dialog[open]').waitFor();
            await assertAccessible(chat, 'dialog[open]');
            await chat.locator('dialog[open] [data-close]').click();
          }
          await chat.close();
        });
      }
    });
  }
}

/** The page comes with the built sandbox; this one stands in front of the test's own. */
async function withPage(sandbox: Sandbox): Promise<Sandbox> {
  await sandbox.close();
  const page = readFileSync(path.join(root, 'sandbox', 'page', 'index.html'), 'utf8');
  return startSandbox({ port: sandbox.port, page });
}

function linkThemes(userDir: string): void {
  const place = path.join(userDir, 'node_modules', ...themes.split('/'));
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(path.join(root, 'node_modules', ...themes.split('/')), place, 'junction');
  writeFileSync(path.join(userDir, 'package.json'), JSON.stringify({ dependencies: { [themes]: '*' } }));
}

function flowFor(baseUrl: string, nobody: string): FlowNode[] {
  const nodes: FlowNode[] = [
    { id: 'tab', type: 'tab', label: 'All' },
    { id: 'account', type: 'linktor-config', name: 'Shop', baseUrl, credentials: { apiKey: 'sandbox-key' } },
    { id: 'nobody', type: 'linktor-config', name: 'Nobody', baseUrl: nobody, credentials: { apiKey: 'any' } },
    { id: 'unreached', type: 'linktor-message-in', z: 'tab', x: 500, y: 400, config: 'nobody', wires: [] },
  ];
  for (const { type, role } of palette) {
    if (type === 'linktor-config') continue;
    const node = { id: `the-${type}`, type };
    nodes.push(role === 'config' ? node : { ...node, z: 'tab', x: 200, y: 60, config: 'account', wires: [] });
  }
  nodes.push({ id: core.inject, type: 'inject', z: 'tab', x: 500, y: 60, wires: [] });
  nodes.push({ id: core.switch, type: 'switch', z: 'tab', x: 500, y: 120, wires: [] });
  nodes.push({ id: core['mqtt-broker'], type: 'mqtt-broker', broker: '127.0.0.1', autoConnect: false });
  return nodes;
}

/** Makes every choice once, so that every row is made, and shows all of them together. */
async function showAll(page: Page): Promise<void> {
  const fold = page.locator('.linktor-fold[aria-expanded="false"]:visible');
  for (let round = 0; round < 2; round++) {
    await page.evaluate(`{
      for (const select of $('.red-ui-tray-body [data-field] select:not([multiple])').get()) {
        const before = $(select).val();
        for (const { value } of [...select.options]) if (value !== '_ADD_') $(select).val(value).trigger('change');
        $(select).val(before).trigger('change');
      }
    }`);
    while ((await fold.count()) > 0) await fold.first().click();
  }
  await page.evaluate(`$('.red-ui-tray-body [data-field], .red-ui-tray-body .linktor-row, .linktor-more').show()`);
}

/** @returns what somebody can press or fill in, and that says nowhere what it is; a placeholder does not count */
function unnamed(page: Page): Promise<string[]> {
  return page.locator('.red-ui-tray-body .linktor-row').evaluateAll((rows, controls) => {
    const all = rows.flatMap((row) => Array.from(row.querySelectorAll(controls)));
    return all
      .filter((one) => one.checkVisibility())
      .filter((one) => {
        const labels = Array.from((one as HTMLInputElement).labels ?? []).map(({ textContent }) => textContent);
        const words = [one.getAttribute('aria-label'), one.getAttribute('title'), one.textContent, ...labels];
        return !words.some((text) => text?.trim());
      })
      .map((one) => one.outerHTML.slice(0, 200));
  }, controls);
}

/** @returns how light the background of an element is, 0 to 1 */
function luminance(element: Element): number {
  for (let one: Element | null = element; one; one = one.parentElement) {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (
      getComputedStyle(one).backgroundColor.match(/[\d.]+/g) ?? []
    ).map(Number);
    if (alpha > 0) return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
  }
  return 1;
}
