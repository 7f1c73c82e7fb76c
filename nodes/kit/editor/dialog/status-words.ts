import type { EditorNode } from './host';
import { definitions } from './values';

type Translate = (this: EditorNode, key: string, values?: Record<string, unknown>) => string;

/**
 * Node-RED translates the status of a node, but without values. Values therefore follow a question mark, as in
 * `linktor.status.sent_at?at=1764000000000`. Times are shown in the time zone of the user.
 */
export function translateFigures(): void {
  RED.events.on('registry:node-type-added', (type) => {
    const definition = definitions.has(type) ? RED.nodes.getType(type) : undefined;
    if (!definition) return;
    const translate: Translate = definition._;
    definition._ = function (key, values) {
      const [word = '', figures] = key.startsWith('linktor.status.') ? key.split('?') : [key];
      return translate.call(this, word, figures === undefined ? values : wordsOf(figures));
    };
  });
}

function wordsOf(figures: string): Record<string, string> {
  return Object.fromEntries(
    [...new URLSearchParams(figures)].map(([name, text]) => [name, name === 'at' ? clock(text) : text]),
  );
}

function clock(at: string): string {
  const time = new Date(Number(at));
  return time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}
