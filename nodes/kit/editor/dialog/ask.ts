import type { Answer } from '../../admin/types';
import { failureText } from '../failure-text';
import type { EditorNode } from './host';

/** One line of a report. */
export interface Line {
  /** undefined: neutral */
  ok?: boolean;
  text: string;
  /** how to fix a problem */
  advice?: string;
}

const signs = { true: 'fa-check', false: 'fa-warning', undefined: 'fa-info-circle' };

/**
 * Send a request to an admin route, and show the outcome.
 * @param words the report of a success
 */
export function ask<T>(
  node: EditorNode,
  url: string,
  body: object,
  outcome: JQuery,
  words: (answer: T) => Line[],
): void {
  outcome.text(node._('linktor.test.running'));
  $.ajax({ url, method: 'POST', contentType: 'application/json', data: JSON.stringify(body) })
    .done((answer: Answer<T>) => {
      if (answer.ok) return tell(outcome, words(answer));
      tell(outcome, [{ ok: false, text: inWords(node, answer.message), advice: inWords(node, answer.hint) }]);
    })
    .fail(({ status }) => {
      const what = status === 401 || status === 403 ? 'forbidden' : 'failed';
      tell(outcome, [{ ok: false, text: node._(`linktor.test.${what}`) }]);
    });
}

/** @returns a message or hint of a failure in the editor's language, or as it is if it is not one of ours */
export function inWords(node: EditorNode, text = ''): string {
  return failureText(text, (key, values) => node._(key, values)) ?? text;
}

/** Show lines as a list, each with its sign. */
export function tell(outcome: JQuery, lines: readonly Line[]): void {
  const list = $('<ul class="linktor-report">');
  for (const { ok, text, advice } of lines) {
    const said = $('<span>').text(text);
    if (advice) said.append($('<small>').text(advice));
    $('<li>')
      .append($('<i class="fa fa-fw" aria-hidden="true">').addClass(signs[`${ok}`]), said)
      .appendTo(list);
  }
  outcome.empty().append(list);
}
