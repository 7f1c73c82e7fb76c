import type { Answer } from '../kit/admin/types';
import { button, element, write } from './element';
import { clock, nodeWord, say } from './red';
import type { WaitingDeed, WaitingLine } from './types';

/** The open questions; each can be answered for the contact, or ended. */
export class Waiting {
  readonly root: HTMLElement;
  readonly #title = element('summary', {});
  readonly #list = element('ul', { class: 'linktor-side-list' });
  readonly #outcome = element('p', { class: 'linktor-side-outcome', role: 'status' });
  readonly #changed: () => void;
  #account = '';
  /** the list on display; an unchanged list is not rendered again, as the user may be typing in it */
  #known = '';

  /** @param changed called after an action of the user */
  constructor(changed: () => void) {
    this.#changed = changed;
    const fold = element('details', { open: '' }, this.#title, this.#list, this.#outcome);
    this.root = element('section', { class: 'linktor-side-waiting', 'aria-label': say('waiting.title') }, fold);
    this.root.hidden = true;
  }

  show(account: string, lines: readonly WaitingLine[], inAll: number): void {
    this.root.hidden = lines.length === 0;
    const known = JSON.stringify([account, lines, inAll]);
    if (known === this.#known) return;
    this.#known = known;
    this.#account = account;
    write(this.#title, say('waiting.count', { number: inAll }));
    this.#list.replaceChildren(...lines.map((line) => this.#rowOf(line)));
  }

  #rowOf({ id, node, nodeType, conversationId, contactId, asked, deadline, attempts, isOrphan }: WaitingLine) {
    const times = say('waiting.times', { since: clock(asked, false), until: clock(deadline, false) });
    const tries = attempts > 0 ? say('waiting.tries', { number: attempts }) : undefined;
    const facts = [times, tries, isOrphan ? say('waiting.orphan') : undefined].filter((one) => one !== undefined);
    const who = conversationId ?? contactId ?? '';
    const label = say('waiting.answer');
    const text = element('input', { type: 'text', 'aria-label': label, placeholder: label });
    const form = element('form', { class: 'linktor-side-bar' }, text);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (text.value.trim() !== '') this.#do({ id, text: text.value });
    });
    form.append(button('times', say('waiting.end'), () => this.#do({ id })));
    return element(
      'li',
      { 'data-waiting': id },
      element('div', {}, node || nodeWord(nodeType)),
      element('div', { class: 'linktor-side-dim' }, facts.join(' · ')),
      element('div', { class: 'linktor-side-dim linktor-side-id', title: who }, who),
      form,
    );
  }

  #do(deed: WaitingDeed): void {
    write(this.#outcome, '');
    const url = `linktor/${encodeURIComponent(this.#account)}/waiting`;
    $.ajax({ url, method: 'POST', contentType: 'application/json', data: JSON.stringify(deed) })
      .done((answer: Answer<object>) => {
        if (!answer.ok) write(this.#outcome, answer.message ?? '');
        this.#changed();
      })
      .fail(({ status }) => write(this.#outcome, say(status === 401 ? 'box.forbidden' : 'failed')));
  }
}
