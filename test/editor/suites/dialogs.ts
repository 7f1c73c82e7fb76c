import { strict as assert } from 'node:assert';
import { palette } from '../../../nodes';
import type { Definition } from '../../../nodes/kit/define';
import { copyOf, Dialog, nodeOf, others, prepareTime, setProperties } from '../dialog';
import type { EditorSetup } from '../editor-setup';

/** Dialogs keep what they are told, and show what is wanted. */
export function dialogs(setup: EditorSetup): void {
  describe('the dialogs', () => {
    for (const { type, role, fields } of palette) {
      it(`of ${type} keeps what is changed, over an export and an import as well`, async () => {
        const { page } = setup;
        const id = type === 'linktor-config' ? 'other' : `second-${type}`;
        const values = others(fields);
        const dialog = await Dialog.open(page, type, id);
        await dialog.fill(values, fields);
        await dialog.save();
        const saved = await nodeOf(page, id);
        assert.deepEqual(saved.problems, []);
        for (const [name, value] of Object.entries(values)) {
          assert.equal(text(saved.values[name]), text(value), `${name} as it is saved`);
        }
        const again = await Dialog.open(page, type, id);
        const read = await again.read(fields);
        for (const [name, value] of Object.entries(values)) {
          assert.equal(text(read[name]), text(value), `${name} as it is shown again`);
        }
        await again.cancel();
        if (role === 'config') return;
        const copy = await copyOf(page, id);
        for (const [name, value] of Object.entries(values)) {
          assert.equal(text(copy[name]), text(value), `${name} after an import`);
        }
      });
    }

    it('are made in less than 100 ms, the longest of them too', async function () {
      this.timeout(180_000);
      const longest = palette.toSorted((one, other) => size(other) - size(one)).slice(0, 3);
      for (const { type } of longest) {
        const times: number[] = [];
        for (let open = 0; open < 20; open++) {
          const dialog = await Dialog.open(setup.page, type, `first-${type}`);
          times.push(await prepareTime(setup.page, type));
          await dialog.cancel();
        }
        // The middle one: what else the machine does now and then is not ours.
        const median = times.toSorted((one, other) => one - other)[10] ?? Number.NaN;
        assert.ok(median < 100, `${type}: ${times.join(', ')}`);
      }
    });

    it('show the rows that the choices ask for, and no others', async () => {
      const { page } = setup;
      for (const { type, fields } of palette) {
        const whens = Object.entries(fields).map(([name, { row }]) => [name, row.when ?? {}] as const);
        const choices = Object.entries(fields).filter(
          ([name, { kind }]) => kind === 'choice' && whens.some(([, when]) => name in when),
        );
        const dialog = await Dialog.open(page, type, type === 'linktor-config' ? 'account' : `first-${type}`);
        await dialog.unfold();
        for (const [name, { options = [] }] of choices) {
          for (const [option, shown] of await dialog.choices(name, options)) {
            for (const [other, when] of whens) {
              if (!when[name] || Object.keys(when).length > 1) continue;
              const wanted = when[name].includes(option);
              assert.equal(shown.includes(other), wanted, `${type}: ${other} when ${name} is ${option}`);
            }
          }
        }
        await dialog.cancel();
      }
    });

    it('say what a field that is left empty means to the operation', async () => {
      const { page } = setup;
      const dialog = await Dialog.open(page, 'linktor-conversation', 'first-linktor-conversation');
      await dialog.input('operation').selectOption('list');
      await dialog.take('priority', 'string');
      const said: (string | null)[] = [];
      for (const operation of ['list', 'create', 'update', 'escalate', 'list']) {
        await dialog.input('operation').selectOption(operation);
        said.push(await dialog.line('priority').getAttribute('placeholder'));
      }
      assert.deepEqual(said, ['any', 'none', 'unchanged', 'unchanged', 'any']);
      await dialog.cancel();
    });

    it('leave it to the editor to say that no config node is chosen', async () => {
      const dialog = await Dialog.open(setup.page, 'linktor-config', 'account');
      await dialog.unfold();
      for (const field of ['tls', 'proxy']) {
        assert.equal(await dialog.input(field).inputValue(), '_ADD_', field);
      }
      await dialog.cancel();
    });

    it('fold away what few people touch, and unfold it where somebody has', async () => {
      const { page } = setup;
      const id = 'first-linktor-knowledge';
      const dialog = await Dialog.open(page, 'linktor-knowledge', id);
      const fold = page.locator('.linktor-fold');
      assert.equal(await dialog.row('result').isVisible(), false);
      assert.equal(await fold.getAttribute('aria-expanded'), 'false');
      await fold.focus();
      await page.keyboard.press('Enter');
      await dialog.row('result').waitFor();
      assert.equal(await fold.getAttribute('aria-expanded'), 'true');
      await dialog.cancel();

      await setProperties(page, id, { errorOutput: true });
      const touched = await Dialog.open(page, 'linktor-knowledge', id);
      assert.equal(await touched.row('result').isVisible(), true);
      await touched.cancel();
      await setProperties(page, id, { errorOutput: false });
    });
  });
}

/** Typed fields are what costs. */
function size({ role, fields }: Definition): number {
  return role === 'config' ? 0 : Object.values(fields).filter(({ kind }) => kind === 'typed').length;
}

/** Numbers and texts are the same to a form. */
function text(value: unknown): string {
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}
