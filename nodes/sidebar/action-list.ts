import { act } from './act';
import { element, write } from './element';

interface Parts<Line, Action> {
  label: string;
  /** @returns the heading for this number of entries */
  title(count: number): string;
  /** @param act sends an action of the user */
  row(line: Line, act: (action: Action) => void): HTMLElement;
  /** last part of the admin route that takes the actions */
  route: string;
  /** called after an action of the user */
  changed(): void;
}

/** A section that lists things of one account, each with actions; hidden while it is empty. */
export class ActionList<Line, Action> {
  readonly root: HTMLElement;
  readonly #title = element('summary', {});
  readonly #list = element('ul', { class: 'linktor-side-list' });
  readonly #outcome = element('p', { class: 'linktor-side-outcome', role: 'status' });
  readonly #parts: Parts<Line, Action>;
  #account = '';
  /** the list on display; an unchanged one is not rendered again: the user may be typing in it, or have the focus in it */
  #known = '';

  constructor(parts: Parts<Line, Action>) {
    this.#parts = parts;
    const fold = element('details', { open: '' }, this.#title, this.#list, this.#outcome);
    this.root = element('section', { class: 'linktor-side-actions', 'aria-label': parts.label }, fold);
    this.root.hidden = true;
  }

  /** @param inAll number of entries; `lines` may be only the first of them */
  show(account: string, lines: readonly Line[], inAll: number): void {
    this.root.hidden = lines.length === 0;
    const known = JSON.stringify([account, lines, inAll]);
    if (known === this.#known) return;
    this.#known = known;
    this.#account = account;
    write(this.#title, this.#parts.title(inAll));
    this.#list.replaceChildren(...lines.map((line) => this.#parts.row(line, (action) => this.#send(action))));
  }

  #send(action: Action): void {
    act({ account: this.#account, ...this.#parts, outcome: this.#outcome }, action);
  }
}
