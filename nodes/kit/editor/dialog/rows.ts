import type { FieldMeta } from '../meta';
import type { EditorNode } from './host';
import { input, isShown, isUntouched, metaFor, rowOf } from './values';

interface Fold {
  button: JQuery;
  body: JQuery;
  isOpen: boolean;
}

/** The rows of an open dialog, with their visibility and collapsed sections. */
export class Rows {
  readonly #node: EditorNode;
  readonly #fields: [name: string, field: FieldMeta][];
  readonly #prepare: (name: string, field: FieldMeta) => void;
  readonly #prepared = new Set<string>();
  readonly #folds = new Map<string, Fold>();

  /** @param prepare prepares a row when it is first shown; most rows of a long dialog never are */
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

  /** Sections with changed fields stay open. */
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

  /** Show only the rows that are relevant to the current choices. */
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
