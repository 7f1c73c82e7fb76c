import { strict as assert } from 'node:assert';
import { Dialog, setProperties } from '../dialog';
import type { EditorSetup } from '../editor-setup';

const type = 'linktor-router';
const id = 'first-linktor-router';

/** The outputs of a router follow its rules. */
export function routing(setup: EditorSetup): void {
  /** The router with these rules, each wired to a node of its own. */
  async function wired(...names: string[]): Promise<void> {
    const rules = JSON.stringify(names.map((name) => ({ rule: 'keywords', value: name, name })));
    await setProperties(setup.page, id, { rules, outputs: names.length, errorOutput: false, unsure: 'otherwise' });
    await setup.page.evaluate(
      `(() => {
        const node = RED.nodes.node('${id}');
        RED.nodes.filterLinks({ source: node }).forEach((link) => RED.nodes.removeLink(link));
        RED.editor.updateNodeProperties(node);
        ['first-linktor-send', 'first-linktor-typing', 'first-linktor-ai'].slice(0, ${names.length}).forEach(
          (target, sourcePort) => RED.nodes.addLink({ source: node, sourcePort, target: RED.nodes.node(target) }),
        );
      })()`,
    );
  }

  /** Which node each output leads to, with the label of the output. */
  function wires(): Promise<[label: string, target: string | undefined][]> {
    return setup.page.evaluate(
      `(() => {
        const node = RED.nodes.node('${id}');
        const links = RED.nodes.filterLinks({ source: node });
        return Array.from({ length: node.outputs }, (_, port) => [
          node._def.outputLabels.call(node, port),
          links.find(({ sourcePort }) => Number(sourcePort) === port)?.target.id.replace('first-linktor-', ''),
        ]);
      })()`,
    );
  }

  describe('a router', () => {
    it('has an output for each rule, labelled with its name', async () => {
      await wired('one');
      const dialog = await Dialog.open(setup.page, type, id);
      await dialog.cell('rules', 1, 'value').fill('second');
      await dialog.cell('rules', 1, 'name').fill('two');
      await dialog.save();
      assert.deepEqual(await wires(), [
        ['one', 'send'],
        ['two', undefined],
      ]);
    });

    it('keeps the wires of a rule when another one is taken away', async () => {
      await wired('one', 'two', 'three');
      const dialog = await Dialog.open(setup.page, type, id);
      await dialog.row('rules').locator('.red-ui-editableList-item-remove').nth(1).click();
      // The line fades out first.
      await dialog.row('rules').locator('.linktor-columns').nth(3).waitFor({ state: 'detached' });
      await dialog.save();
      assert.deepEqual(await wires(), [
        ['one', 'send'],
        ['three', 'ai'],
      ]);
    });

    it('keeps the wire of the error output behind the rules', async () => {
      await wired('one', 'two');
      await setProperties(setup.page, id, { errorOutput: true, outputs: 3 });
      await setup.page.evaluate(
        `RED.nodes.addLink({ source: RED.nodes.node('${id}'), sourcePort: 2, target: RED.nodes.node('first-linktor-ai') })`,
      );
      const dialog = await Dialog.open(setup.page, type, id);
      await dialog.cell('rules', 2, 'name').fill('three');
      await dialog.save();
      assert.deepEqual(
        (await wires()).map(([, target]) => target),
        ['send', 'typing', undefined, 'ai'],
      );
      await wired('one');
    });

    it('has an output more for an unsure guess, if that is wanted', async () => {
      await wired('one');
      const dialog = await Dialog.open(setup.page, type, id);
      await dialog.unfold();
      await dialog.input('unsure').selectOption('output');
      await dialog.save();
      assert.deepEqual(await wires(), [
        ['one', 'send'],
        ['unsure', undefined],
      ]);
    });
  });
}
