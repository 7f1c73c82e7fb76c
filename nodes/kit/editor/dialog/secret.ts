import { tell } from './ask';
import type { EditorNode } from './host';
import { input, rowOf } from './values';

const SECRET_BYTES = 32;

/** Add a button that generates a random secret, fills in the field and copies the secret to the clipboard. */
export function prepareSecret(node: EditorNode, name: string): void {
  const element = input(node.type, name);
  const row = rowOf(element);
  const outcome = row.find('.linktor-outcome');
  row.find('.linktor-generate').on('click', ({ currentTarget }) => {
    const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
    const secret = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    element.val(secret).trigger('change');
    RED.clipboard.copyText(secret, $(currentTarget));
    tell(outcome, [{ ok: true, text: node._('linktor.webhook.generated') }]);
  });
}
