import { ask, tell } from './ask';
import type { EditorNode } from './host';
import { input, rowOf } from './values';

/** placeholder of the editor in a password field with a stored value */
const STORED_PASSWORD = '__PWRD__';

interface Registered {
  /** created, updated, otherSecret */
  outcome: string;
}

/** Show the full address for senders, and a button that registers it with Linktor. */
export function preparePath(node: EditorNode, name: string): void {
  const element = input(node.type, name);
  const row = rowOf(element);
  const usual = `/linktor/${node.id}`;
  element.attr('placeholder', usual);
  const shown = row.find('.linktor-address code');
  const show = () => {
    const path = String(element.val() ?? '').trim() || usual;
    const root = RED.settings.httpNodeRoot ?? '/';
    shown.text(`${location.origin}${`/${root}/${path}`.replace(/\/{2,}/g, '/')}`);
  };
  element.on('input change', show);
  show();
  row.find('.linktor-copy').on('click', () => RED.clipboard.copyText(shown.text(), shown));
  const outcome = row.find('.linktor-registered');
  row.find('.linktor-register').on('click', () => {
    // A secret that is not deployed yet cannot be registered.
    if (isNewSecret(node)) return tell(outcome, [{ ok: false, text: node._('linktor.webhook.deployFirst') }]);
    const config = String(input(node.type, 'config').val() ?? '');
    const wanted = { url: shown.text(), events: String(input(node.type, 'events').val() ?? ''), node: node.id };
    ask<Registered>(node, `linktor/${encodeURIComponent(config)}/webhook`, wanted, outcome, ({ outcome: what }) => [
      { ok: true, text: node._(`linktor.webhook.${what}`) },
    ]);
  });
}

function isNewSecret({ type }: EditorNode): boolean {
  const typed = String(input(type, 'secret').val() ?? '');
  return typed !== '' && typed !== STORED_PASSWORD;
}
