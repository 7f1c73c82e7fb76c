import type { EditorNode } from './host';
import { metaFor } from './values';

const accountType = 'linktor-config';

/** Select the account of a new node if there is only one. */
export function onadd(this: EditorNode): void {
  if (this.config === '') this.config = onlyAccount() ?? '';
}

/** Assign the first account to all nodes without one. */
export function shareOnlyAccount(): void {
  RED.events.on('nodes:add', (added) => {
    if (added.type !== accountType || onlyAccount() !== added.id) return;
    RED.nodes.eachNode((node) => {
      const { fields } = metaFor(node.type);
      if (fields.config?.kind !== 'account' || node.config !== '') return true;
      node.config = added.id;
      users(added).push(node);
      node.changed = true;
      node.dirty = true;
      RED.editor.validateNode(node);
      return true;
    });
    RED.view.redraw();
  });
}

/** @returns the id of the only global account; undefined if there are none or several */
function onlyAccount(): string | undefined {
  const found: EditorNode[] = [];
  RED.nodes.eachConfig((node) => {
    if (node.type === accountType && !node.z && !node.d) found.push(node);
    return true;
  });
  return found.length === 1 ? found[0]?.id : undefined;
}

function users(node: EditorNode): EditorNode[] {
  node.users ??= [];
  return node.users as EditorNode[];
}
