import type { EditorNode } from './host';
import { definitions, input, labelOf, metaFor } from './values';

const accountType = 'linktor-config';

/** Show a checkbox for each account that messages may choose, besides the node's own. */
export function prepareAccounts(node: EditorNode, name: string): void {
  const place = holderOf(node, name);
  const own = input(node.type, 'config');
  const chosen = new Set(idsIn(node, name));
  place.attr({ role: 'group', 'aria-label': labelOf(node, name) }).data('chosen', chosen);
  const show = () => {
    place.empty();
    const shown = accountsFor(node).filter(({ id, name }) => id !== own.val() && (name || chosen.has(id)));
    for (const { id, name, _def, ...account } of shown) {
      const box = $('<input type="checkbox">').prop('checked', chosen.has(id)).attr('data-option', id);
      box.on('change', () => (box.prop('checked') ? chosen.add(id) : chosen.delete(id)));
      const words = name || String(account.baseUrl ?? id);
      $('<label>').append(box, document.createTextNode(words)).appendTo(place);
    }
    place
      .siblings('.linktor-note')
      .text(shown.length > 0 ? node._('linktor.accounts.hint') : node._('linktor.accounts.none'));
  };
  own.on('change', show);
  show();
}

/** Store the ticked accounts. A row that was not shown has changed nothing. */
export function saveAccounts(node: EditorNode): void {
  for (const name of accountFields(node)) {
    const chosen = holderOf(node, name).data('chosen') as Set<string> | undefined;
    if (!chosen) continue;
    const before = idsIn(node, name);
    const known = new Set(accountsFor(node).map(({ id }) => id));
    const ids = [...chosen].filter((id) => known.has(id) && id !== node.config);
    for (const id of before.filter((one) => !ids.includes(one) && one !== node.config)) users(id)?.delete(node);
    for (const id of ids) users(id)?.add(node);
    node[name] = ids;
  }
}

/** Node-RED counts the users of an account by single properties only, and offers to delete the unused. */
export function countAccountUsers(): void {
  const usedBy = (node: EditorNode) =>
    accountFields(node).flatMap((name) => idsIn(node, name).flatMap((id) => users(id) ?? []));
  RED.events.on('nodes:add', (added) => {
    if (!definitions.has(added.type)) return;
    // The ids of an import are replaced after its nodes have been added.
    queueMicrotask(() => {
      for (const all of usedBy(added)) all.add(added);
    });
  });
  RED.events.on('nodes:remove', (removed) => {
    for (const all of usedBy(removed)) all.delete(removed);
  });
}

function accountFields({ type }: EditorNode): string[] {
  const fields = Object.entries(metaFor(type).fields);
  return fields.filter(([, { kind }]) => kind === 'accounts').map(([name]) => name);
}

const holderOf = ({ type }: EditorNode, name: string) =>
  input(type, 'name').closest('form').find(`[data-field="${name}"] .linktor-checks`);

function idsIn(node: EditorNode, name: string): string[] {
  const stored = node[name];
  return Array.isArray(stored) ? stored.map(String) : [];
}

/** @returns the enabled accounts that are visible in the flow of a node */
function accountsFor({ z }: EditorNode): EditorNode[] {
  const found: EditorNode[] = [];
  RED.nodes.eachConfig((node) => {
    if (node.type === accountType && !node.d && (!node.z || node.z === z)) found.push(node);
    return true;
  });
  return found;
}

function users(id: string): { add(node: EditorNode): void; delete(node: EditorNode): void } | undefined {
  const account = RED.nodes.node(id);
  if (!account) return undefined;
  account.users ??= [];
  const all = account.users as EditorNode[];
  return {
    add: (node) => {
      if (!all.includes(node)) all.push(node);
    },
    delete: (node) => {
      if (all.includes(node)) all.splice(all.indexOf(node), 1);
    },
  };
}
