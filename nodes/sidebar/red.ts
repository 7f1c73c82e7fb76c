import { failureText } from '../kit/editor/failure-text';

/** The parts of Node-RED's editor that the sidebar uses. */
interface Editor {
  _(key: string, values?: object): string;
  plugins: { registerPlugin(id: string, plugin: Plugin): void };
  sidebar: { addTab(tab: object): void; show(id: string): void };
  actions: { add(name: string, handler: () => void, options?: { label: string }): void };
  comms: { subscribe(topic: string, listener: () => void): void };
  events: { on(event: string, listener: () => void): void };
  i18n: { lang(): string };
  editor: { editConfig(name: string, type: string, id: string): void };
}

interface Plugin {
  onadd(): void;
}

declare const RED: Editor;

/** The catalogues of the sidebar and of the nodes. */
const own = '@linktor/node-red-linktor/linktor-sidebar';
const shared = '@linktor/node-red-linktor/linktor';

export const editor = RED;

/** @returns a text of the catalogue, in the user's language */
export function say(key: string, values?: object): string {
  return RED._(`${own}:sidebar.${key}`, values);
}

/** @returns the text of a node status */
export function statusWord(word: string): string {
  return RED._(`${shared}:linktor.status.${word}`);
}

/** @returns the name of a node type */
export function nodeWord(type: string): string {
  return RED._(`${shared}:${type}.label`);
}

/** @returns the advice for a failure, or '' if there is none */
export function advice(code: string): string {
  const key = `${shared}:linktor.advice.${code}`;
  const words = RED._(key);
  return words === key ? '' : words;
}

/** @returns a message or hint of a failure in the editor's language, or as it is if it is not one of ours */
export function failure(text = ''): string {
  return failureText(text, (key, values) => RED._(key, values)) ?? text;
}

/** @param at milliseconds of the clock */
export function clock(at: number, withSeconds: boolean): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(RED.i18n.lang(), {
    ...(isToday ? {} : { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
  }).format(at);
}
