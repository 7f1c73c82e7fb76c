import type { FieldMeta } from '../meta';
import type { EditorNode } from './host';
import { input, isShown, isUntouched, metaFor, rowOf } from './values';

interface Fold {
  button: JQuery;
  body: JQuery;
  isOpen: boolean;
}

/** The rows of an open dialog: which of them are shown, and what is folded away. */
export class Rows {
  readonly #node: EditorNode;
  readonly #fields: [name: string, field: FieldMeta][];
  readonly #prepare: (name: string, field: FieldMeta) => void;
  readonly #prepared = new Set<string>();
  readonly #folds = new Map<string, Fold>();

  /** @param prepare makes a row ready; not before it is seen, for most rows of a long dialog never are */
  constructor(node: EditorNode, prepare: (name: string, field: FieldMeta) => void) {
    this.#node = node;
    this.#prepare = prepare;
    this.#fields = Object.entries(metaFor(node.type).fields);
    const buttons = input(node.type, 'name').closest('form').find('.linktor-fold');
    for (const one of buttons.get()) this.#fold($(one));
    const decisive = new Set(this.#fields.flatMap(([, { when = {} }]) => Object.keys(when)));
    for (const name of decisive) input(node.type, name).on('change', () => this.#refresh());
    this.#refresh();
  }

  /** What somebody has touched is not hidden. */
  #fold(button: JQuery): void {
    const section = String(button.data('section'));
    const isOpen = this.#fields.some(
      ([name, field]) =>
        field.section === section && isShown(this.#node, field) && !isUntouched(this.#node, name, field),
    );
    const fold: Fold = { button, body: rowOf(button).next('.linktor-more'), isOpen };
    this.#folds.set(section, fold);
    button.on('click', () => {
      fold.isOpen = !fold.isOpen;
      this.#refresh();
    });
  }

  /** Only the rows that matter for the present choices are shown. */
  #refresh(): void {
    const used = new Set<string>();
    for (const [name, field] of this.#fields) {
      const { section, when } = field;
      const shown = isShown(this.#node, field);
      if (when) rowOf(input(this.#node.type, name)).toggle(shown);
      if (shown && section !== undefined) used.add(section);
      const isFolded = section !== undefined && this.#folds.get(section)?.isOpen !== true;
      if (!shown || isFolded || this.#prepared.has(name)) continue;
      this.#prepared.add(name);
      this.#prepare(name, field);
    }
    for (const [section, { button, body, isOpen }] of this.#folds) {
      rowOf(button).toggle(used.has(section));
      body.toggle(isOpen);
      button.attr('aria-expanded', String(isOpen));
      button.find('i').toggleClass('fa-caret-down', isOpen).toggleClass('fa-caret-right', !isOpen);
    }
  }
}
