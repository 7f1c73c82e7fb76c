import { act } from './act';
import { button, element, write } from './element';
import { clock, say, statusWord } from './red';
import type { ClusterFacts, InstanceAction, InstanceLine } from './types';

/** The instances that share the work of an account; hidden with a single one. */
export class Cluster {
  readonly root: HTMLElement;
  readonly #changed: () => void;
  readonly #title = element('summary', {});
  readonly #list = element('ul', { class: 'linktor-side-list' });
  readonly #depth = element('p', { class: 'linktor-side-dim linktor-side-depth' });
  readonly #handOver = button('exchange', say('instances.handOver'), () => this.#act({ action: 'handOver' }));
  readonly #drain = button('sign-out', say('instances.drain'), () => this.#act({ action: 'drain' }));
  readonly #join = button('sign-in', say('instances.join'), () => this.#act({ action: 'join' }));
  readonly #outcome = element('p', { class: 'linktor-side-outcome', role: 'status' });
  #account = '';
  /** the state on display; an unchanged one is not rendered again: the user may have the focus in it */
  #known = '';

  /** @param changed called after an action of the user */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.#handOver.title = say('instances.handOverMeans');
    this.#drain.title = say('instances.drainMeans');
    const bar = element('div', { class: 'linktor-side-bar' }, this.#handOver, this.#drain, this.#join);
    const parts = [this.#title, this.#list, this.#depth, bar, this.#outcome];
    const label = say('instances.title');
    this.root = element(
      'section',
      { class: 'linktor-side-actions linktor-side-cluster', 'aria-label': label },
      element('details', { open: '' }, ...parts),
    );
    this.root.hidden = true;
  }

  show(account: string, cluster: ClusterFacts | undefined): void {
    this.root.hidden = cluster === undefined;
    const known = JSON.stringify([account, cluster]);
    if (!cluster || known === this.#known) return;
    this.#known = known;
    this.#account = account;
    const { instances, instancesInAll, problem } = cluster;
    const isKnown = problem === undefined;
    write(this.#title, isKnown ? say('instances.count', { number: instancesInAll }) : say('instances.title'));
    this.#list.replaceChildren(...instances.map(rowOf));
    write(this.#depth, depthOf(cluster));
    const self = instances.find(({ isSelf }) => isSelf);
    const hasOthers = instances.some(({ isSelf, isDraining }) => !isSelf && !isDraining);
    this.#show(this.#handOver, self?.leads === true && hasOthers);
    this.#show(this.#drain, self?.isDraining === false && hasOthers);
    this.#show(this.#join, self?.isDraining === true);
  }

  /** A button that disappears passes its focus on. */
  #show(one: HTMLButtonElement, isShown: boolean): void {
    const hadFocus = document.activeElement === one;
    one.hidden = !isShown;
    if (hadFocus && !isShown) this.#title.focus();
  }

  #act(action: InstanceAction): void {
    act({ account: this.#account, route: 'instances', outcome: this.#outcome, changed: this.#changed }, action);
  }
}

function rowOf({ name, isSelf, leads, isDraining, since, lanes }: InstanceLine): HTMLElement {
  const marks = [leads ? say('instances.leads') : undefined, isDraining ? say('instances.draining') : undefined].filter(
    (mark) => mark !== undefined,
  );
  const facts = [
    isSelf ? say('instances.self') : undefined,
    say('since', { time: clock(since, false) }),
    lanes && say('instances.lanes', { ...lanes }),
  ].filter((fact) => fact !== undefined);
  return element(
    'li',
    { 'data-instance': name },
    element(
      'div',
      {},
      element('span', { class: 'linktor-side-event' }, name),
      ...marks.map((mark) => element('span', { class: 'linktor-side-mark' }, mark)),
    ),
    element('div', { class: 'linktor-side-dim' }, facts.join(' · ')),
  );
}

function depthOf({ outbox, held, problem }: ClusterFacts): string {
  const parts = [
    problem === undefined ? say('instances.outbox', { number: outbox }) : statusWord('store_down'),
    held > 0 ? say('instances.held', { number: held }) : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}
