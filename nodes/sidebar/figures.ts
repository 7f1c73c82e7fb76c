import { element } from './element';
import { say } from './red';

/** The counters in display order; absent ones are left out. */
const counters = [
  'subscriptions',
  'frames',
  'events',
  'recovered',
  'duplicates',
  'gaps',
  'reconnects',
  'malformed',
  'refusedFrames',
];

/** The counters of the connection. */
export class Figures {
  readonly root: HTMLElement;
  readonly #rows = element('tbody');
  readonly #fold = element('details', {}, element('summary', {}, say('counters')));

  constructor() {
    this.#fold.append(element('table', {}, this.#rows));
    this.root = element('section', { class: 'linktor-side-figures' }, this.#fold);
  }

  show(given: Readonly<Record<string, number>>): void {
    const known = counters.filter((name) => given[name] !== undefined);
    this.root.hidden = known.length === 0;
    const cells = known.map((name) => [
      element('th', { scope: 'row' }, say(`counter.${name}`)),
      element('td', { 'data-counter': name }, new Intl.NumberFormat().format(given[name] ?? 0)),
    ]);
    const rows: HTMLElement[] = [];
    for (let index = 0; index < cells.length; index += 2) {
      rows.push(element('tr', {}, ...(cells[index] ?? []), ...(cells[index + 1] ?? [])));
    }
    this.#rows.replaceChildren(...rows);
  }
}
