import { strict as assert } from 'node:assert';
import { Dialog, setProperties } from '../dialog';
import type { EditorSetup } from '../editor-setup';

/** What the dialogs of the nodes that ask have of their own. */
export function asking(setup: EditorSetup): void {
  describe('a node that asks', () => {
    it('is filled in by a template, in the words of the editor', async () => {
      const dialog = await Dialog.open(setup.page, 'linktor-form', 'first-linktor-form');
      await setup.page.selectOption('.linktor-template', 'lead');
      await dialog.save();
      const fields = await setup.page.evaluate(`JSON.parse(RED.nodes.node('first-linktor-form').fields)`);
      assert.deepEqual(
        (fields as { key: string }[]).map(({ key }) => key),
        ['name', 'email', 'phone', 'interest'],
      );
      assert.equal((fields as { question: string }[])[0]?.question, 'What is your name?');
    });

    it('has an output for each choice, if that is wanted, and its wires follow it', async () => {
      const id = 'first-linktor-ask';
      await setProperties(setup.page, id, { branch: 'three', kind: 'anything', outputs: 3, errorOutput: false });
      const dialog = await Dialog.open(setup.page, 'linktor-ask', id);
      await setup.page.selectOption('.linktor-template', 'approval');
      await dialog.save();
      const labels = await setup.page.evaluate(
        `(() => {
          const node = RED.nodes.node('${id}');
          return Array.from({ length: node.outputs }, (_, port) => node._def.outputLabels.call(node, port));
        })()`,
      );
      assert.deepEqual(labels, ['Approve', 'Refuse', 'nobody answered', 'ended otherwise']);
    });
  });
}
