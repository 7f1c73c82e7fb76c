import type { Interactive, Outgoing } from '../model';
import { fold } from '../text';
import type { Limits, OptionLimits } from './limits';

/** A button or an entry of a list. */
export interface Option {
  id: string;
  title: string;
  /** an address, a phone number or a description */
  more?: string;
  section?: string;
}

interface Misfit {
  message: string;
  details: { given: unknown; limit: number };
}

/** @returns why a channel cannot show these options unchanged; undefined when it can */
export function misfitOf(interactive: Interactive, options: readonly Option[], limits: Limits): Misfit | undefined {
  const isList = interactive.type === 'list';
  const [one, several] = isList ? ['list entry', 'list entries'] : ['button', 'buttons'];
  const most = mostOf(interactive, limits);
  const { type } = limits;
  if (options.length > most) {
    const message =
      most === 0 ? `${type} has no ${several}.` : `There are ${options.length} ${several}, and ${type} takes ${most}.`;
    return { message, details: { given: options.length, limit: most } };
  }
  const own = isList ? limits.row : limits.button;
  return (
    tooLong(options, own, isList, `of a ${one}`, type) ??
    (own.isUnique ? twins(options, several, type) : undefined) ??
    (own.isHeaded ? withoutHeading(options, type) : undefined)
  );
}

function withoutHeading(options: readonly Option[], type: string): Misfit | undefined {
  const bare = options.find(({ section = '' }) => section.trim() === '');
  if (bare === undefined || options.every(({ section = '' }) => section.trim() === '')) return undefined;
  const message = `The list entry "${bare.title}" has no section beside others that have one, and ${type} wants one for each.`;
  return { message, details: { given: bare.title, limit: 0 } };
}

/** @returns the maximum number of options in the channel */
export function mostOf({ type }: Interactive, { rows, buttons }: Limits): number {
  return type === 'list' ? rows : buttons;
}

function tooLong(
  options: readonly Option[],
  limits: OptionLimits,
  isList: boolean,
  whose: string,
  type: string,
): Misfit | undefined {
  for (const { id, title, more = '', section = '' } of options) {
    const measured: [what: string, text: string, length: number, limit: number][] = [
      ['title', title, title.length, limits.title],
      // For a button, `more` is a URL or a phone number, which has no such limit.
      ['description', more, isList ? more.length : 0, limits.description],
      ['section', section, section.length, limits.section],
      ['id', id, Buffer.byteLength(id), limits.id],
    ];
    for (const [what, text, length, limit] of measured) {
      if (length <= limit) continue;
      const unit = what === 'id' ? 'bytes' : 'characters';
      const message = `The ${what} ${whose}, "${text}", has ${length} ${unit}, and ${type} takes ${limit}.`;
      return { message, details: { given: text, limit } };
    }
  }
  return undefined;
}

function twins(options: readonly Option[], several: string, type: string): Misfit | undefined {
  for (const [what, written] of [
    ['title', ({ title }: Option) => fold(title)],
    ['id', ({ id }: Option) => id],
  ] as const) {
    const seen = new Set<string>();
    for (const option of options) {
      if (seen.has(written(option))) {
        const message = `Two ${several} have the ${what} "${option[what]}", and ${type} takes each once.`;
        return { message, details: { given: option[what], limit: 1 } };
      }
      seen.add(written(option));
    }
  }
  return undefined;
}

/** @returns the buttons of a message, then the rows of its list, in their order */
export function optionsOf({ action = {} }: Interactive): Option[] {
  const buttons = (action.buttons ?? []).map(({ id, title, url, phone }) => ({ id, title, more: url ?? phone }));
  const rows = (action.sections ?? []).flatMap(({ title: section, rows: held }) =>
    held.map(({ id, title, description }) => ({ id, title, more: description, section })),
  );
  return [...buttons, ...rows];
}

/** An option of a message, shown as a button, a list row, or a number in its text. */
export type Offered = Pick<Option, 'id' | 'title'>;

/** @returns the options in the order in which they are shown */
export function offeredIn({ interactive, metadata }: Outgoing): Offered[] {
  if (interactive) return optionsOf(interactive).map(({ id, title }) => ({ id, title }));
  const options = metadata?.options;
  return Array.isArray(options) ? (options as Offered[]).map(({ id, title }) => ({ id, title })) : [];
}

/** @returns the same with only the first options */
export function firstOf(interactive: Interactive, most: number): Interactive {
  const { action = {} } = interactive;
  let left = most;
  const sections = action.sections
    ?.map((section) => {
      const rows = section.rows.slice(0, left);
      left -= rows.length;
      return { ...section, rows };
    })
    .filter(({ rows }) => rows.length > 0);
  const buttons = action.buttons?.slice(0, most);
  return { ...interactive, action: { ...action, ...(buttons && { buttons }), ...(sections && { sections }) } };
}

/** @returns the text with the options below it, each with the number to answer with */
export function numbered(text: string, options: readonly Option[]): string {
  const lines: string[] = [text, ''];
  let within = '';
  for (const [index, { title, more, section = '' }] of options.entries()) {
    if (section !== within) lines.push(...(index === 0 ? [] : ['']), ...(section === '' ? [] : [section]));
    within = section;
    lines.push(`${index + 1}. ${title}${more === undefined ? '' : `: ${more}`}`);
  }
  return lines.join('\n');
}
