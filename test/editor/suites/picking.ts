import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { palette } from '../../../nodes';
import type { Listable } from '../../../nodes/kit/fields';
import { openEditor } from '../../support/browser';
import { Red, red4, Shop } from '../../support/red';
import { Dialog, nodeOf, setProperties } from '../dialog';
import type { EditorSetup } from '../editor-setup';

/** What of the shop must be in which list. */
const expected: Partial<Record<Listable, RegExp>> = {
  agents: /./,
  bots: /./,
  channels: /WhatsApp|Web ?chat/i,
  contacts: /\w+ \w+/,
  conversations: /\w+ \w+/,
  flows: /./,
  knowledgeBases: /^Xícara & Samambaia/,
  tags: /^(vip|plants|question)$/,
  templates: /./,
};

/** Lists that only the self-hosted server has. */
const lacking: readonly Listable[] = ['messageTemplates', 'models', 'providers', 'users'];

/** Pick lists: filled by the server, and of use without it. */
export function picking(setup: EditorSetup): void {
  const type = 'linktor-knowledge';
  const id = `first-${type}`;

  async function open(page: Page = setup.page): Promise<Dialog> {
    const dialog = await Dialog.open(page, type, id);
    await dialog.fill({ base: '', baseType: 'str' }, { base: { kind: 'typed' } } as never);
    return dialog;
  }

  describe('the pick lists', () => {
    for (const { type, fields } of palette) {
      const picks = Object.entries(fields).filter(([, { pick }]) => pick);
      if (picks.length === 0) continue;
      it(`of ${type} offer what the server has, under names for people`, async () => {
        const dialog = await Dialog.open(setup.page, type, `first-${type}`);
        await dialog.unfold();
        for (const [name, { pick, row }] of picks) {
          for (const [choice, options] of Object.entries(row.when ?? {})) {
            await dialog.fill({ [choice]: options[0] }, fields);
          }
          await dialog.fill({ [name]: '', [`${name}Type`]: 'str' }, fields);
          await dialog.row(name).locator('.red-ui-typedInput-option-expand').click();
          if (lacking.includes(pick as Listable)) {
            await dialog.row(name).locator('.linktor-pick [role=status]').filter({ hasText: 'no such list' }).waitFor();
            await setup.page.keyboard.press('Escape');
            continue;
          }
          const offered = dialog.row(name).locator('[role=option]');
          await offered.first().waitFor();
          const labels = (await offered.allInnerTexts()).map((label) => label.split('\n')[0] ?? '');
          assert.ok(
            labels.some((label) => expected[pick as Listable]?.test(label)),
            `${name}: ${labels.join(' | ')}`,
          );
          assert.deepEqual(
            labels.filter((label) => /[{}]|undefined|\[object/.test(label)),
            [],
          );
          await setup.page.keyboard.press('Escape');
        }
        await dialog.cancel();
      });
    }

    it('search as one types, and show the name of the id that was picked', async () => {
      const { page } = setup;
      const dialog = await open();
      await dialog.line('base').pressSequentially('xícara');
      const offered = dialog.row('base').locator('[role=option]');
      await offered.filter({ hasText: 'Xícara & Samambaia' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      assert.equal(await dialog.line('base').inputValue(), 'kb_shop');
      assert.equal(await dialog.row('base').locator('.linktor-picked').innerText(), 'Xícara & Samambaia');
      assert.equal(await offered.first().isVisible(), false);
      await dialog.save();
      const { values } = await nodeOf(page, id);
      assert.deepEqual([values.base, values.baseType], ['kb_shop', 'str']);
    });

    it('add to a list where a list is meant, each entry once', async () => {
      const type = 'linktor-contact';
      const dialog = await Dialog.open(setup.page, type, `first-${type}`);
      const fields = { operation: { kind: 'choice' }, tags: { kind: 'typed' } } as never;
      await dialog.fill({ operation: 'addTags' }, fields);
      await dialog.fill({ tags: 'new', tagsType: 'str' }, fields);
      const row = dialog.row('tags');
      const pick = async (tag: string) => {
        if (!(await row.locator('.linktor-pick').isVisible()))
          await row.locator('.red-ui-typedInput-option-expand').click();
        await row.locator('[role=option]').filter({ hasText: tag }).click();
      };
      await pick('vip');
      assert.equal(await dialog.line('tags').inputValue(), 'new, vip');
      await pick('vip');
      assert.equal(await dialog.line('tags').inputValue(), 'new, vip');
      await dialog.line('tags').press('End');
      await dialog.line('tags').pressSequentially(', plan');
      await row.locator('[role=option]').filter({ hasText: 'plants' }).click();
      assert.equal(await dialog.line('tags').inputValue(), 'new, vip, plants');
      await dialog.cancel();
    });

    it('leave the text alone where somebody knows better', async () => {
      const dialog = await open();
      await dialog.line('base').pressSequentially('kb_of_tomorrow');
      await dialog.row('base').locator('[role=status]').filter({ hasText: 'Nothing found' }).waitFor();
      await setup.page.keyboard.press('Escape');
      assert.equal(await dialog.row('base').locator('.linktor-pick').isVisible(), false);
      await dialog.save();
      assert.equal((await nodeOf(setup.page, id)).values.base, 'kb_of_tomorrow');
    });

    it('go on where they end, by mouse or by keyboard', async () => {
      const shop = new Shop(setup.sandbox.url);
      for (let count = 0; count < 30; count++) await shop.customerWrites({ name: `Regular ${count}` }, 'Hello');
      const dialog = await Dialog.open(setup.page, 'linktor-send', 'first-linktor-send');
      await dialog.fill({ conversation: '', conversationType: 'str' }, {
        conversation: { kind: 'typed' },
      } as never);
      const row = dialog.row('conversation');
      await row.locator('.red-ui-typedInput-option-expand').click();
      const offered = row.locator('[role=option]');
      await row.locator('.linktor-next').waitFor();
      assert.equal(await offered.count(), 26);
      await setup.page.keyboard.press('ArrowUp');
      await setup.page.keyboard.press('Enter');
      await offered.nth(30).waitFor();
      assert.equal(
        await row.locator('[aria-selected=true]').getAttribute('id'),
        await offered.nth(25).getAttribute('id'),
      );
      const ids = await offered.evaluateAll((lines) => lines.map((line) => line.getAttribute('data-value')));
      assert.equal(new Set(ids).size, ids.length, 'nothing twice');
      await dialog.cancel();
    });

    it('ask once for what they know already, and again in the next dialog', async () => {
      const asked: string[] = [];
      setup.page.on('request', (request) => request.url().includes('/list/') && asked.push(request.url()));
      for (const count of [1, 2]) {
        const dialog = await open();
        const expand = dialog.row('base').locator('.red-ui-typedInput-option-expand');
        for (const _ of [1, 2]) {
          await expand.click();
          await dialog.row('base').locator('[role=option]').first().waitFor();
          await expand.click();
          await dialog.row('base').locator('.linktor-pick').waitFor({ state: 'hidden' });
        }
        await dialog.cancel();
        assert.equal(asked.length, count);
      }
    });

    it('come to nothing when the dialog is gone before the answer', async () => {
      const { page } = setup;
      await setup.control('latency', { ms: 700 });
      try {
        const dialog = await open();
        const answered = page.waitForResponse((response) => response.url().includes('/list/knowledgeBases'));
        await dialog.row('base').locator('.red-ui-typedInput-option-expand').click();
        await dialog.cancel();
        const next = await Dialog.open(page, 'linktor-ai', 'first-linktor-ai');
        await answered;
        assert.equal(await page.locator('.linktor-pick:visible').count(), 0);
        assert.equal(await page.locator('[role=option]').count(), 0);
        await next.cancel();
      } finally {
        await setup.control('latency', { ms: 0 });
      }
    });

    describe('say why there is no list', () => {
      async function notice(dialog: Dialog): Promise<string> {
        await dialog.row('base').locator('.red-ui-typedInput-option-expand').click();
        const said = dialog.row('base').locator('.linktor-pick [role=status]');
        await said.filter({ hasNotText: /^(Loading …)?$/ }).waitFor();
        return said.innerText();
      }

      const refusals: [status: number, code: string, words: RegExp][] = [
        [401, 'UNAUTHORIZED', /did not accept the credentials/],
        [403, 'FORBIDDEN', /not allowed to see this list/],
        [501, 'NOT_IMPLEMENTED', /has no such list/],
      ];
      for (const [status, code, words] of refusals) {
        it(`the server answers ${status}`, async () => {
          await setup.control('fail', { count: 1, status, path: '/knowledge-bases', body: { error: { code } } });
          const dialog = await open();
          assert.match(await notice(dialog), words);
          await dialog.cancel();
        });
      }

      it('there is no config node, or none that is deployed', async () => {
        const { page } = setup;
        const dialog = await open();
        await dialog.input('config').selectOption('_ADD_');
        assert.match(await notice(dialog), /Choose a Linktor account/);
        await dialog.cancel();
        await page.evaluate(
          `RED.nodes.import([{ id: 'fresh', type: 'linktor-config', name: 'Fresh', baseUrl: 'http://127.0.0.1:9' }])`,
        );
        await setProperties(page, id, { config: 'fresh' });
        const fresh = await open();
        assert.match(await notice(fresh), /Deploy the Linktor account first/);
        await fresh.cancel();
        await setProperties(page, id, { config: 'account' });
        await page.evaluate(`RED.nodes.remove('fresh')`);
      });

      it('nobody answers; the name of what was picked is there even so', async () => {
        await setup.control('fail', { count: 20, reset: true, path: '/knowledge-bases' });
        const dialog = await open();
        assert.match(await notice(dialog), /cannot be reached/);
        await dialog.fill({ base: 'kb_shop', baseType: 'str' }, { base: { kind: 'typed' } } as never);
        assert.equal(await dialog.row('base').locator('.linktor-picked').innerText(), 'Xícara & Samambaia');
        await dialog.cancel();
        await setup
          .control('fail', { count: 0, reset: true, path: '/knowledge-bases' })
          .catch(() => setup.control('reset'));
      });

      if (setup.version === red4) {
        it('Node-RED does not let this user', async () => {
          const rights = ['flows', 'nodes', 'settings', 'plugins', 'library', 'status', 'comms', 'icons', 'context'];
          const permissions = rights.map((right) => `${right}.read`);
          const red = await Red.start({
            settings: { adminAuth: { type: 'credentials', users: [], default: { permissions } } },
          });
          const guest = await openEditor(setup.browser, red);
          try {
            const flow = [
              { id: 'tab', type: 'tab', label: 'Guest' },
              { id: 'account', type: 'linktor-config', baseUrl: setup.sandbox.url },
              { id, type, z: 'tab', config: 'account', x: 100, y: 100, wires: [] },
            ];
            await guest.page.evaluate(`RED.nodes.import(${JSON.stringify(flow)})`);
            const dialog = await open(guest.page);
            assert.match(await notice(dialog), /not allowed to see this list in Node-RED/);
          } finally {
            await guest.context.close();
            await red.stop();
          }
        });
      }
    });
  });
}
