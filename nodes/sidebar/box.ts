import type { Answer, Item, Part } from '../kit/admin/types';
import { button, element, write } from './element';
import { failure, say } from './red';
import type { Deed, Line, Talk } from './types';

/** Controls that let the user act as a customer of the sandbox. */
export class Box {
  readonly root: HTMLElement;
  readonly #conversation = element('select', { 'aria-label': say('box.conversation') });
  readonly #said = element('p', { class: 'linktor-side-said', role: 'status' });
  readonly #offers = element('div', { class: 'linktor-side-offers' });
  readonly #text = element('input', { type: 'text', 'aria-label': say('box.text'), placeholder: say('box.text') });
  readonly #read = button('eye', say('box.read'), () => this.#do({ read: true }));
  readonly #outcome = element('p', { class: 'linktor-side-outcome', role: 'status' });
  #account = '';
  #loading = false;

  constructor() {
    const send = element(
      'form',
      { class: 'linktor-side-bar' },
      this.#text,
      element('button', { type: 'submit', class: 'red-ui-button red-ui-button-small' }, say('box.send')),
    );
    send.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#text.value.trim() !== '') this.#do({ text: this.#text.value });
    });
    this.#conversation.addEventListener('change', () => this.#look());
    const parts = [this.#conversation, this.#said, this.#offers, send, this.#read, this.#outcome];
    const fold = element('details', { open: '' }, element('summary', {}, say('box.title')), ...parts);
    this.root = element('section', { class: 'linktor-side-box', 'aria-label': say('box.title') }, fold);
    this.root.hidden = true;
  }

  /** @param account the viewed account, or undefined when its server is not a sandbox */
  show(account: string | undefined, lines: readonly Line[]): void {
    this.root.hidden = account === undefined;
    if (account === undefined) return;
    // Conversations become available after a failed sign-in has been fixed.
    const isNew = account !== this.#account || this.#conversation.options.length === 0;
    this.#account = account;
    const chosen = this.#conversation.value;
    const known = new Set([...this.#conversation.options].map(({ value }) => value));
    if (isNew || lines.some(({ conversationId }) => conversationId !== undefined && !known.has(conversationId)))
      this.#list();
    if (lines.some(({ conversationId }) => conversationId === chosen)) this.#look();
  }

  #list(): void {
    if (this.#loading) return;
    this.#loading = true;
    const account = this.#account;
    $.getJSON(`linktor/${encodeURIComponent(account)}/list/conversations`)
      .done((answer: Answer<Part>) => {
        if (account !== this.#account || !answer.ok) return;
        const chosen = this.#conversation.value;
        const options = answer.items.map((item) => element('option', { value: item.value }, titleOf(item)));
        this.#conversation.replaceChildren(...options);
        if (answer.items.some(({ value }) => value === chosen)) this.#conversation.value = chosen;
        if (this.#conversation.value !== chosen) this.#look();
      })
      .always(() => {
        this.#loading = false;
      });
  }

  #look(): void {
    const conversation = this.#conversation.value;
    if (conversation === '') return;
    $.getJSON(this.#address, { conversation }).done((answer: Answer<Talk>) => {
      if (answer.ok && conversation === this.#conversation.value) this.#tell(answer);
    });
  }

  get #address(): string {
    return `linktor/${encodeURIComponent(this.#account)}/sandbox`;
  }

  #do(deed: Omit<Deed, 'conversationId'>): void {
    const conversationId = this.#conversation.value;
    if (conversationId === '') return;
    write(this.#outcome, '');
    const data = JSON.stringify({ ...deed, conversationId });
    $.ajax({ url: this.#address, method: 'POST', contentType: 'application/json', data })
      .done((answer: Answer<Talk>) => {
        if (!answer.ok) return write(this.#outcome, `${failure(answer.message)} ${failure(answer.hint)}`.trim());
        if (deed.text !== undefined) this.#text.value = '';
        if (conversationId === this.#conversation.value) this.#tell(answer);
      })
      .fail(({ status }) => write(this.#outcome, say(status === 401 ? 'box.forbidden' : 'failed')));
  }

  #tell({ said, offers, unread }: Talk): void {
    write(this.#said, said === '' ? say('box.silent') : said);
    const focused = this.#offers.contains(document.activeElement);
    this.#offers.replaceChildren(
      ...offers.map((choice) => button(undefined, choice.title, () => this.#do({ choice }))),
    );
    if (focused) (this.#offers.querySelector('button') ?? this.#text).focus();
    this.#read.disabled = unread === 0;
  }
}

function titleOf({ label, detail }: Item): string {
  return detail === undefined ? label : `${label} · ${detail}`;
}
