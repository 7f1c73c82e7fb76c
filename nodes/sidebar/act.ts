import type { Answer } from '../kit/admin/types';
import { write } from './element';
import { failure, say } from './red';

interface ActSettings {
  account: string;
  /** last part of the admin route that takes the action */
  route: string;
  /** shows why an action failed */
  outcome: HTMLElement;
  /** called when the action has been carried out or refused */
  changed(): void;
}

/** Send an action of the user. */
export function act({ account, route, outcome, changed }: ActSettings, action: unknown): void {
  write(outcome, '');
  const url = `linktor/${encodeURIComponent(account)}/${route}`;
  $.ajax({ url, method: 'POST', contentType: 'application/json', data: JSON.stringify(action) })
    .done((answer: Answer<object>) => {
      if (!answer.ok) write(outcome, failure(answer.message));
      changed();
    })
    .fail(({ status }) => write(outcome, say(status === 401 ? 'box.forbidden' : 'failed')));
}
