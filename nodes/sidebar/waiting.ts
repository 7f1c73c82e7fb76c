import { ActionList } from './action-list';
import { button, element } from './element';
import { clock, nodeWord, say } from './red';
import type { WaitingAction, WaitingLine } from './types';

/** @returns the list of open questions; each can be answered for the contact, or ended */
export function waitingList(changed: () => void): ActionList<WaitingLine, WaitingAction> {
  return new ActionList<WaitingLine, WaitingAction>({
    label: say('waiting.title'),
    title: (number) => say('waiting.count', { number }),
    route: 'waiting',
    changed,
    row({ id, node, nodeType, conversationId, contactId, asked, deadline, attempts, isOrphan }, act) {
      const times = say('waiting.times', { since: clock(asked, false), until: clock(deadline, false) });
      const tries = attempts > 0 ? say('waiting.tries', { number: attempts }) : undefined;
      const facts = [times, tries, isOrphan ? say('waiting.orphan') : undefined].filter((one) => one !== undefined);
      const who = conversationId ?? contactId ?? '';
      const label = say('waiting.answer');
      const text = element('input', { type: 'text', 'aria-label': label, placeholder: label });
      const form = element('form', { class: 'linktor-side-bar' }, text);
      form.addEventListener('submit', (event) => {
        event.preventDefault();
        if (text.value.trim() !== '') act({ id, text: text.value });
      });
      form.append(button('times', say('waiting.end'), () => act({ id })));
      return element(
        'li',
        { 'data-waiting': id },
        element('div', {}, node || nodeWord(nodeType)),
        element('div', { class: 'linktor-side-dim' }, facts.join(' · ')),
        element('div', { class: 'linktor-side-dim linktor-side-id', title: who }, who),
        form,
      );
    },
  });
}
