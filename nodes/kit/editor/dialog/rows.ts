import type { FieldMeta } from '../meta';
import type { EditorNode } from './host';
import { input, isShown, isUntouched, metaFor, rowOf } from './values';

/** The rows of an open dialog: which of them are shown, and what is folded away. */
export class Rows {
  readonly #node: EditorNode;
  readonly #fields: [name: string, field: FieldMeta][];
  readonly #prepare: (name: string, field: FieldMeta) => void;
  readonly #prepared = new Set<string>();
  readonly #fold: JQuery;
  #isOpen = false;

  /** @param prepare makes a row ready; not before it is seen, for most rows of a long dialog never are */
  constructor(node: EditorNode, prepare: (name: string, field: FieldMeta) => void) {
    this.#node = node;
    this.#prepare = prepare;
    this.#fields = Object.entries(metaFor(node.type).fields);
    this.#fold = rowOf(input(node.type, 'name').closest('form').find('.linktor-fold'));
    this.#isOpen = this.#fields.some(
      ([name, field]) => field.advanced && isShown(node, field) && !isUntouched(node, name, field),
    );
    this.#fold.find('.linktor-fold').on('click', () => {
      this.#isOpen = !this.#isOpen;
      this.#refresh();
    });
    const decisive = new Set(this.#fields.flatMap(([, { when = {} }]) => Object.keys(when)));
    for (const name of decisive) input(node.type, name).on('change', () => this.#refresh());
    this.#refresh();
  }

  /** Only the rows that matter for the present choices are shown. */
  #refresh(): void {
    let folded = 0;
    for (const [name, field] of this.#fields) {
      const shown = isShown(this.#node, field);
      if (field.when) rowOf(input(this.#node.type, name)).toggle(shown);
      if (shown && field.advanced) folded++;
      if (!shown || (field.advanced && !this.#isOpen) || this.#prepared.has(name)) continue;
      this.#prepared.add(name);
      this.#prepare(name, field);
    }
    this.#fold
      .toggle(folded > 0)
      .next('.linktor-more')
      .toggle(this.#isOpen);
    const button = this.#fold.find('.linktor-fold').attr('aria-expanded', String(this.#isOpen));
    button.find('i').toggleClass('fa-caret-down', this.#isOpen).toggleClass('fa-caret-right', !this.#isOpen);
  }
}
