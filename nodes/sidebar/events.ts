import { button, element, icon, write } from './element';
import { advice, clock, nodeWord, say, statusWord } from './red';
import type { Line } from './types';

const MAX_LINES = 200;

/** Icons by prefix of the event name; the first match wins. */
const icons: [name: string, icon: string][] = [
  ['message.received', 'arrow-down'],
  ['message.sent', 'arrow-up'],
  ['message.delivered', 'check'],
  ['message.read', 'eye'],
  ['message.failed', 'exclamation-triangle'],
  ['call.failed', 'exclamation-triangle'],
  ['conversation.', 'comments-o'],
  ['contact.', 'user-o'],
  ['channel.', 'sitemap'],
  ['typing', 'keyboard-o'],
  ['connection.', 'plug'],
  ['sync.', 'refresh'],
];

/** The list of events, the newest on top. */
export class Events {
  readonly root: HTMLElement;
  readonly #list = element('ol', { class: 'linktor-side-list' });
  readonly #log = element(
    'div',
    { class: 'linktor-side-events', role: 'log', 'aria-label': say('events'), tabindex: '0' },
    this.#list,
  );
  readonly #empty = element('p', { class: 'linktor-side-empty' });
  readonly #filter = element('input', { type: 'search', 'aria-label': say('filter'), placeholder: say('filter') });
  readonly #pause = button('pause', '', () => this.#rest(!this.#paused));
  #paused = false;
  /** lines received during a pause */
  #held: Line[] = [];

  constructor() {
    this.#filter.addEventListener('input', () => this.#sift());
    const clear = button('ban', '', () => this.clear());
    clear.title = say('clear');
    clear.setAttribute('aria-label', say('clear'));
    const bar = element('div', { class: 'linktor-side-bar' }, this.#filter, this.#pause, clear);
    this.root = element('div', { class: 'linktor-side-feed' }, bar, this.#empty, this.#log);
    this.#rest(false);
  }

  add(lines: readonly Line[]): void {
    if (this.#paused) this.#held = [...this.#held, ...lines].slice(-MAX_LINES);
    else this.#list.prepend(...lines.map(rowOf).reverse());
    while (this.#list.childElementCount > MAX_LINES) this.#list.lastElementChild?.remove();
    this.#sift();
  }

  clear(): void {
    this.#held = [];
    this.#list.replaceChildren();
    this.#sift();
  }

  #rest(paused: boolean): void {
    this.#paused = paused;
    const words = say(paused ? 'resume' : 'pause');
    this.#pause.replaceChildren(icon(paused ? 'play' : 'pause'));
    this.#pause.title = words;
    this.#pause.setAttribute('aria-label', words);
    const held = this.#held.splice(0);
    this.add(held);
  }

  #sift(): void {
    const wanted = this.#filter.value.trim().toLowerCase();
    const rows = [...this.#list.children] as HTMLElement[];
    for (const row of rows) row.hidden = !(row.dataset.words ?? '').includes(wanted);
    const shown = rows.some(({ hidden }) => !hidden);
    this.#empty.hidden = shown;
    if (!shown) write(this.#empty, say(rows.length > 0 ? 'nothingFits' : this.#paused ? 'paused' : 'nothingYet'));
  }
}

function rowOf(line: Line): HTMLElement {
  const { nodeType, reason, status: code = '' } = line;
  const { at, event, source, recovered, channelType, senderType, contentType, length, status, conversationId } = line;
  const [, picture = 'bolt'] = icons.find(([name]) => event.startsWith(name)) ?? [];
  const size = length === undefined ? undefined : say('length', { number: length });
  const isCall = nodeType !== undefined;
  const words = isCall ? [nodeWord(nodeType), statusWord(code)] : [channelType, senderType, contentType, size, status];
  const facts = words.filter((fact) => fact !== undefined).join(' · ');
  const why = isCall ? advice(code) : reason;
  const marks = recovered ? [say('recovered')] : source === 'ws' || isCall ? [] : [source];
  return element(
    'li',
    {
      'data-event': event,
      'data-words': [event, source, facts, why ?? '', conversationId, ...marks].join(' ').toLowerCase(),
    },
    element('time', { datetime: new Date(at).toISOString() }, clock(at, true)),
    icon(picture),
    element(
      'div',
      {},
      element('span', { class: 'linktor-side-event' }, event),
      ...marks.map((mark) => element('span', { class: 'linktor-side-mark' }, mark)),
      element('div', { class: 'linktor-side-dim' }, facts),
      why ? element('div', { class: 'linktor-side-why' }, why) : undefined,
      conversationId
        ? element('div', { class: 'linktor-side-dim linktor-side-id', title: conversationId }, conversationId)
        : undefined,
    ),
  );
}
