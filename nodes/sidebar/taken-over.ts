import type { Answer } from '../kit/admin/types';
import { button, element, write } from './element';
import { clock, say } from './red';
import type { TakenOverLine } from './types';

const reasons: Readonly<Record<string, () => string>> = {
  message: () => say('taken.reason.message'),
  echo: () => say('taken.reason.echo'),
  assigned: () => say('taken.reason.assigned'),
  escalated: () => say('taken.reason.escalated'),
  word: () => say('taken.reason.word'),
  flow: () => say('taken.reason.flow'),
};

/** The conversations that people have taken over; each can be returned to the flow. */
export class TakenOver {
  readonly root: HTMLElement;
  readonly #title = element('summary', {});
  readonly #list = element('ul', { class: 'linktor-side-list' });
  readonly #outcome = element('p', { class: 'linktor-side-outcome', role: 'status' });
  readonly #changed: () => void;
  #account = '';
  /** the list on display; an unchanged list is not rendered again, so it keeps the focus */
  #known = '';

  /** @param changed called after an action of the user */
  constructor(changed: () => void) {
    this.#changed = changed;
    const fold = element('details', { open: '' }, this.#title, this.#list, this.#outcome);
    this.root = element('section', { class: 'linktor-side-waiting', 'aria-label': say('taken.title') }, fold);
    this.root.hidden = true;
  }

  show(account: string, lines: readonly TakenOverLine[], inAll: number): void {
    this.root.hidden = lines.length === 0;
    const known = JSON.stringify([account, lines, inAll]);
    if (known === this.#known) return;
    this.#known = known;
    this.#account = account;
    write(this.#title, say('taken.count', { number: inAll }));
    this.#list.replaceChildren(...lines.map((line) => this.#rowOf(line)));
  }

  #rowOf({ conversationId, reason, since, until }: TakenOverLine) {
    const start = say('taken.since', { since: clock(since, false) });
    const end = until === undefined ? say('taken.byHand') : say('taken.until', { until: clock(until, false) });
    return element(
      'li',
      { 'data-taken': conversationId },
      element('div', {}, reasons[reason]?.() ?? reason),
      element('div', { class: 'linktor-side-dim' }, `${start} · ${end}`),
      element('div', { class: 'linktor-side-dim linktor-side-id', title: conversationId }, conversationId),
      button('undo', say('taken.back'), () => this.#giveBack(conversationId)),
    );
  }

  #giveBack(conversationId: string): void {
    write(this.#outcome, '');
    const url = `linktor/${encodeURIComponent(this.#account)}/takeover`;
    $.ajax({ url, method: 'POST', contentType: 'application/json', data: JSON.stringify({ conversationId }) })
      .done((answer: Answer<object>) => {
        if (!answer.ok) write(this.#outcome, answer.message ?? '');
        this.#changed();
      })
      .fail(({ status }) => write(this.#outcome, say(status === 401 ? 'box.forbidden' : 'failed')));
  }
}
