import { button, element, write } from './element';
import { advice, clock, editor, say, statusWord } from './red';
import type { AccountFacts } from './types';

/** The state of the chosen account. */
export class Head {
  readonly root: HTMLElement;
  readonly #choice = element('select', { class: 'linktor-side-choice', 'aria-label': say('account') });
  readonly #name = element('strong', { class: 'linktor-side-name' });
  readonly #dot = element('span', { class: 'linktor-side-dot', 'aria-hidden': 'true' });
  readonly #state = element('span', { role: 'status', class: 'linktor-side-state' });
  readonly #since = element('span', { class: 'linktor-side-dim' });
  readonly #advice = element('p', { class: 'linktor-side-advice' });
  readonly #edit = button('pencil', say('open'), () => editor.editor.editConfig('', 'linktor-config', this.#id));
  #id = '';
  readonly #place = element('div', { class: 'linktor-side-dim linktor-side-place' });

  /** @param chosen called when the user selects another account */
  constructor(chosen: (id: string) => void) {
    this.#choice.addEventListener('change', () => chosen(this.#choice.value));
    const line = element('div', { class: 'linktor-side-line' }, this.#dot, this.#state, ' ', this.#since);
    const parts = [this.#choice, this.#name, line, this.#advice, this.#edit, this.#place];
    this.root = element('div', { class: 'linktor-side-head' }, ...parts);
  }

  show(account: AccountFacts, all: readonly AccountFacts[]): void {
    this.#offer(account, all);
    const { id, state, since, host, users, latency, problem } = account;
    this.#id = id;
    this.#dot.dataset.state = state;
    const isBroken = state === 'refused' || (state === 'waiting' && problem !== undefined);
    const words = isBroken ? advice(problem ?? 'websocket') : '';
    write(this.#advice, words);
    this.#advice.hidden = words === '';
    this.#edit.hidden = !isBroken;
    write(this.#state, stateWords(account));
    write(this.#since, since && state !== 'idle' ? say('since', { time: clock(since, false) }) : '');
    const parts = [host, say('users', { number: users }), latency === undefined ? '' : `${Math.round(latency)} ms`];
    write(this.#place, parts.filter((part) => part !== '').join(' · '));
  }

  /** Show a list if there are several accounts. */
  #offer({ id }: AccountFacts, all: readonly AccountFacts[]): void {
    this.#choice.hidden = all.length < 2;
    this.#name.hidden = all.length > 1;
    const options = all.map((one) => [one.id, titleOf(one)]);
    const known = [...this.#choice.options].map(({ value, text }) => [value, text]);
    if (JSON.stringify(options) !== JSON.stringify(known)) {
      this.#choice.replaceChildren(...options.map(([value, text = '']) => element('option', { value }, text)));
    }
    this.#choice.value = id;
    const [only] = all;
    write(this.#name, only ? titleOf(only) : '');
  }
}

function titleOf({ name, host, id }: AccountFacts): string {
  return name || host || id;
}

function stateWords({ state, problem, attempts, leader, leads, alone }: AccountFacts): string {
  switch (state) {
    case 'open':
      return statusWord(alone ? 'alone' : leads ? 'leading' : 'connected');
    case 'standby':
    case 'sharing':
      return leader ? say('standby', { words: statusWord(state), leader }) : statusWord(state);
    case 'connecting':
    case 'store_down':
    case 'paused':
    case 'webhooks_only':
    case 'no_realtime':
      return statusWord(state);
    case 'waiting':
      return attempts > 0
        ? say('attempt', { words: statusWord('reconnecting'), number: attempts })
        : statusWord('reconnecting');
    case 'refused':
      return statusWord(problem ?? 'websocket');
    case 'closed':
      return say('closed');
    default:
      return say('idle');
  }
}
