import { ActionList } from './action-list';
import { button, element } from './element';
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

type GiveBack = Pick<TakenOverLine, 'conversationId'>;

/** @returns the list of conversations that people have taken over; each can be returned to the flow */
export function takenOverList(changed: () => void): ActionList<TakenOverLine, GiveBack> {
  return new ActionList<TakenOverLine, GiveBack>({
    label: say('taken.title'),
    title: (number) => say('taken.count', { number }),
    route: 'takeover',
    changed,
    row({ conversationId, reason, since, until }, act) {
      const start = say('taken.since', { since: clock(since, false) });
      const end = until === undefined ? say('taken.byHand') : say('taken.until', { until: clock(until, false) });
      return element(
        'li',
        { 'data-taken': conversationId },
        element('div', {}, reasons[reason]?.() ?? reason),
        element('div', { class: 'linktor-side-dim' }, `${start} · ${end}`),
        element('div', { class: 'linktor-side-dim linktor-side-id', title: conversationId }, conversationId),
        button('undo', say('taken.back'), () => act({ conversationId })),
      );
    },
  });
}
