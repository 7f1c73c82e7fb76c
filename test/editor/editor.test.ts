import { strict as assert } from 'node:assert';
import type { Browser } from 'playwright-core';
import { palette } from '../../nodes';
import { type Sandbox, startSandbox } from '../../sandbox';
import { chromiumPath, launch, openEditor, type Window } from '../support/browser';
import {
  closedPort,
  exampleFlow,
  type FlowNode,
  isFree,
  Listener,
  moduleName,
  Red,
  Shop,
  until,
  versions,
} from '../support/red';
import { Dialog, nodeOf, others, type Values } from './dialog';
import { registrations } from './html';

const { metas } = registrations();
const inPalette = palette.filter(({ role }) => role !== 'config').map(({ type }) => type);

for (const version of versions) {
  describe(`the editor of ${version.name}`, function () {
    this.timeout(60_000);
    let sandbox: Sandbox;
    let red: Red;
    let browser: Browser;
    let window: Window;
    let token: string;

    before(async function () {
      if (chromiumPath === '' || !version.red) return this.skip();
      // The example's own address, when nobody else has it.
      sandbox = await startSandbox({ port: (await isFree(4010)) ? 4010 : 0 }).catch(() => startSandbox());
      const { url } = sandbox;
      // A connection kept from an earlier sandbox on this port may be a dead one.
      await until('the sandbox', () =>
        fetch(`${url}/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      const login = { email: 'demo@linktor.local', password: 'sandbox' };
      token = (await new Shop(url).ask('POST', '/auth/login', login)).json.accessToken;
      [red, browser] = await Promise.all([Red.start({ version, flow: flow() }), launch()]);
      window = await openEditor(browser, red);
    });

    after(async () => {
      await browser?.close();
      if (red) await red.stop();
      await sandbox?.close();
    });

    /** Two of each type, and the accounts they need. */
    function flow(): FlowNode[] {
      const nodes: FlowNode[] = [
        { id: 'tab', type: 'tab', label: 'All' },
        { id: 'account', type: 'linktor-config', baseUrl: sandbox.url, credentials: { apiKey: 'sandbox-key' } },
        {
          id: 'other',
          type: 'linktor-config',
          baseUrl: sandbox.url,
          signIn: 'accessToken',
          credentials: { accessToken: token },
        },
      ];
      for (const [index, type] of inPalette.entries()) {
        const shared = { type, z: 'tab', config: 'account', x: 200, wires: [] };
        nodes.push({ ...shared, id: `first-${type}`, y: 60 + index * 60 });
        nodes.push({ ...shared, id: `second-${type}`, y: 60 + index * 60, x: 500, config: 'other' });
      }
      return nodes;
    }

    it('shows our nodes in a category of their own, with words', async () => {
      const { page } = window;
      const labels = await page
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

    it('shows them in the language of the browser', async () => {
      const portuguese = await openEditor(browser, red, 'pt-BR');
      try {
        const texts = portuguese.page.locator('#red-ui-palette-Linktor .red-ui-palette-node');
        const english = window.page.locator('#red-ui-palette-Linktor .red-ui-palette-node');
        const words = await texts.allInnerTexts();
        assert.equal(words.length, inPalette.length);
        assert.notDeepEqual(words, await english.allInnerTexts());
        const dialog = await Dialog.open(portuguese.page, 'linktor-send', 'first-linktor-send');
        assert.match(await dialog.row('conversation').innerText(), /Conversa\b/);
        assert.deepEqual(portuguese.record.errors, []);
      } finally {
        await portuguese.context.close();
      }
    });

    for (const { type, role } of palette) {
      it(`opens ${type} with the values of a new node, and keeps what is changed`, async () => {
        const { page } = window;
        const meta = metas.get(type);
        assert.ok(meta);
        const id = role === 'config' ? 'other' : `second-${type}`;
        const values = others(meta.fields);
        const dialog = await Dialog.open(page, type, id);
        await dialog.fill(values, meta);
        await dialog.save();
        const saved = await nodeOf(page, id);
        assert.deepEqual(saved.problems, []);
        for (const [name, value] of Object.entries(values)) {
          assert.equal(text(saved.values[name]), text(value), `${name} as it is saved`);
        }
        const again = await Dialog.open(page, type, id);
        const read = await again.read(meta);
        for (const [name, value] of Object.entries(values)) {
          assert.equal(text(read[name]), text(value), `${name} as it is shown again`);
        }
        await again.cancel();
      });
    }

    it('shows the rows that the choices ask for, and no others', async () => {
      const { page } = window;
      for (const type of palette.map((one) => one.type)) {
        const fields = metas.get(type)?.fields ?? {};
        const choices = Object.entries(fields).filter(
          ([name, { kind }]) => kind === 'choice' && Object.values(fields).some(({ when }) => when?.[name]),
        );
        const dialog = await Dialog.open(page, type, type === 'linktor-config' ? 'account' : `first-${type}`);
        for (const [name, { options = [] }] of choices) {
          for (const [option, shown] of await dialog.choices(name, options)) {
            for (const [other, { when }] of Object.entries(fields)) {
              if (!when?.[name] || Object.keys(when).length > 1) continue;
              const wanted = when[name].includes(option);
              assert.equal(shown.includes(other), wanted, `${type}: ${other} when ${name} is ${option}`);
            }
          }
        }
        await dialog.cancel();
      }
    });

    it('makes JSON of a table of buttons, and a table of the JSON', async () => {
      const { page } = window;
      const id = 'first-linktor-send';
      const dialog = await Dialog.open(page, 'linktor-send', id);
      await dialog.input('kind').selectOption('buttons');
      await dialog.take('buttons', 'JSON');
      const row = dialog.row('buttons');
      for (const [index, title] of ['Yes', 'No, "thanks"'].entries()) {
        await row.locator('.red-ui-editableList-addButton').click();
        await row.locator('[data-column="title"]').nth(index).fill(title);
        await row.locator('[data-column="id"]').nth(index).fill(`id-${index}`);
      }
      const [line, table] = await Promise.all([row.boundingBox(), row.locator('.linktor-list').boundingBox()]);
      assert.ok(line && table && table.x + table.width <= line.x + line.width + 1, 'the table is as wide as its row');
      await dialog.save();
      const buttons = [
        { title: 'Yes', id: 'id-0' },
        { title: 'No, "thanks"', id: 'id-1' },
      ];
      const { values } = await nodeOf(page, id);
      assert.equal(values.buttonsType, 'json');
      assert.deepEqual(JSON.parse(String(values.buttons)), buttons);

      const again = await Dialog.open(page, 'linktor-send', id);
      const titles = again.row('buttons').locator('[data-column="title"]');
      assert.deepEqual(await titles.evaluateAll((inputs) => inputs.map((one) => (one as HTMLInputElement).value)), [
        'Yes',
        'No, "thanks"',
      ]);
      await again.row('buttons').locator('.red-ui-editableList-item-remove').first().click();
      await titles.nth(1).waitFor({ state: 'detached' });
      await again.save();
      assert.deepEqual(JSON.parse(String((await nodeOf(page, id)).values.buttons)), buttons.slice(1));
    });

    it('offers the knowledge bases of the server', async () => {
      const { page } = window;
      const id = 'first-linktor-knowledge';
      const dialog = await Dialog.open(page, 'linktor-knowledge', id);
      await dialog.take('base', 'from Linktor');
      await dialog.line('base').click();
      await dialog.line('base').pressSequentially('X');
      await page.getByText('Xícara & Samambaia').click();
      await dialog.save();
      const { values } = await nodeOf(page, id);
      assert.deepEqual([values.base, values.baseType], ['kb_shop', 'str']);
    });

    describe('says what is wrong', () => {
      /** What is typed into which field, and what is said about it. */
      const wrong: [type: string, typed: Record<string, [value: string, words: RegExp]>][] = [
        [
          'linktor-config',
          {
            baseUrl: ['nonsense', /^Server URL: .*web address/m],
            timeout: ['601', /^Timeout: .*between 1 and 600/m],
            reconnectInterval: ['99', /between 100 and 60000/],
            wsUrl: ['mailto:x', /web address/],
          },
        ],
        ['linktor-config', { baseUrl: ['', /filled in/], maxRetries: ['-1', /Retries: .*between 0 and 10/] }],
        ['linktor-config', { baseUrl: ['https://linktor.example/?key=1', /web address/] }],
        ['linktor-message-in', { textRule: ['regex', /^$/], textValue: ['(', /regular expression/] }],
        ['linktor-message-in', { textRule: ['contains', /^$/], textValue: ['', /filled in/] }],
        ['linktor-ai', { timeout: ['0', /between 1 and 600/] }],
      ];
      for (const [type, typed] of wrong) {
        const about = Object.entries(typed).map(([field, [value]]) => `${field} "${value}"`);
        it(`${type}: ${about.join(', ')}`, async () => {
          const { page } = window;
          const id = type === 'linktor-config' ? 'account' : `first-${type}`;
          const right: Values = {};
          const kinds = metas.get(type);
          assert.ok(kinds);
          const dialog = await Dialog.open(page, type, id);
          for (const [field, [value]] of Object.entries(typed)) {
            right[field] = await dialog.input(field).inputValue();
            await dialog.fill({ [field]: value }, kinds);
          }
          await dialog.save();
          const { valid, problems } = await nodeOf(page, id);
          assert.equal(valid, false);
          const checked = Object.entries(typed).filter(([, [, words]]) => !words.test(''));
          assert.equal(problems.length, checked.length, problems.join('\n'));
          for (const [, [, words]] of checked) assert.match(problems.join('\n'), words);

          const again = await Dialog.open(page, type, id);
          for (const [field] of checked) {
            await page.locator(`#${await again.input(field).getAttribute('id')}.input-error`).waitFor();
          }
          await again.fill(right, kinds);
          await again.save();
          const mended = await nodeOf(page, id);
          assert.deepEqual([mended.valid, mended.problems], [true, []]);
        });
      }
    });

    describe('tests a connection', () => {
      async function tested(change: (dialog: Dialog) => Promise<unknown>): Promise<string> {
        const { page } = window;
        const dialog = await Dialog.open(page, 'linktor-config', 'account');
        await change(dialog);
        const answer = page.waitForResponse((response) => response.url().endsWith('/linktor/account/test'));
        await page.locator('.linktor-test').click();
        await answer;
        const outcome = page.locator('.linktor-tested');
        await outcome.locator('i.fa').waitFor();
        const words = await outcome.innerText();
        await dialog.cancel();
        return words;
      }

      it('with the stored key', async () => {
        assert.match(await tested(async () => undefined), /Signed in as Demo User \(Xícara & Samambaia\), \d+ ms/);
      });

      it('with a wrong key', async () => {
        assert.match(await tested((dialog) => dialog.input('apiKey').fill('wrong')), /key/i);
      });

      it('with nobody there', async () => {
        const port = await closedPort();
        const words = await tested(async (dialog) => {
          await dialog.input('baseUrl').fill(`http://127.0.0.1:${port}`);
          await dialog.input('apiKey').fill('any');
        });
        assert.match(words, /could not be reached/);
      });

      it('without a Server URL', async () => {
        assert.match(await tested((dialog) => dialog.input('baseUrl').fill('nonsense')), /URL/);
      });

      it('of another server, which never sees the stored key', async () => {
        const stranger = await Listener.open();
        try {
          await tested((dialog) => dialog.input('baseUrl').fill(stranger.url));
          await tested((dialog) => dialog.input('baseUrl').fill(`${stranger.url}/${new URL(sandbox.url).host}`));
          assert.doesNotMatch(JSON.stringify(stranger.heard), /sandbox-key/);
          // What the user types for it, it does get.
          await tested(async (dialog) => {
            await dialog.input('baseUrl').fill(stranger.url);
            await dialog.input('apiKey').fill('typed-anew');
          });
          assert.ok(stranger.heard.some(({ headers }) => headers['x-api-key'] === 'typed-anew'));
        } finally {
          await stranger.close();
        }
      });
    });

    describe('in the end', () => {
      it('imports an example as a user does, and it works once it is deployed', async () => {
        const { page } = window;
        const [example] = exampleFlow('').filter(({ type }) => type === 'tab');
        await red.deploy([{ id: 'empty', type: 'tab', label: 'Empty' }]);
        await page.goto('about:blank');
        await page.goto(red.url);
        await page.locator('#red-ui-palette-Linktor').waitFor();
        await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
        await page.keyboard.press('Control+i');
        await page
          .locator('#red-ui-clipboard-dialog-tab-import .red-ui-tab, #red-ui-clipboard-dialog')
          .first()
          .waitFor();
        await page.locator('#red-ui-tab-red-ui-clipboard-dialog-import-tab-examples a').click();
        const tree = page.locator('#red-ui-clipboard-dialog-import-tab-examples');
        await tree.getByText(moduleName, { exact: true }).click();
        await tree.getByText(/^01 - /).click();
        await page.locator('#red-ui-clipboard-dialog-ok').click();
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
        const conversation = await shop.customerWrites({ name: `Importer of ${version.name}` }, question);
        assert.match((await shop.answered(conversation)).text, /R\$ 29/);
      });

      it('never complained, and never told a secret', async () => {
        const { record } = window;
        assert.deepEqual(record.errors, []);
        const { answers, frames } = await record.received();
        assert.ok(answers.length > 50 && frames.length > 0, 'something was looked at');
        assert.equal(
          [...answers, ...frames].find((told) => told.includes(token)),
          undefined,
        );
        // The examples and the help name the sandbox's key: it is no secret there.
        const keys = [...answers, ...frames].filter((told) => told.includes('sandbox-key'));
        const places = keys.map((told) => told.split('\n', 1)[0] ?? '');
        assert.deepEqual(
          places.filter((place) => !/\/(examples|nodes|help)\b/.test(place)),
          [],
        );
      });
    });
  });
}

/** Numbers and texts are the same to a form. */
function text(value: unknown): string {
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}
