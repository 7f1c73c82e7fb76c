import { invalid, type LinktorError } from '../errors';
import {
  type ContactCard,
  type Interactive,
  type InteractiveButton,
  isObject,
  kindOf,
  type Location,
  type Outgoing,
  type Template,
} from '../model';
import { cleanId, describe, isBlank, readFigure } from '../text';
import { componentsFor, isPlaceholderValue, placeholderValues } from './placeholders';
import { webAddress } from './web-address';

/**
 * Build outgoing messages from the input of a flow author. Every function throws a `validation` error that names the
 * wrong field; nothing half-built is ever sent.
 */

type Given = Record<string, unknown>;

/** @returns the text, or undefined when there is none; numbers and booleans become text */
export function textOf(given: unknown): string | undefined {
  if (Number.isFinite(given) || typeof given === 'boolean' || typeof given === 'bigint') return String(given);
  return typeof given === 'string' && !isBlank(given) ? given : undefined;
}

/** @returns an id, a name or an address, as {@link textOf} takes it, without what was pasted around it */
function idOf(given: unknown): string | undefined {
  const text = textOf(given);
  return text === undefined ? undefined : pastedAlone(text);
}

/** An id of nothing but invisible characters stays as it is. */
function pastedAlone(text: string): string {
  return cleanId(text) || text;
}

/** @param given a text, a number, or an object with it in `text` @throws LinktorError `validation` */
export function textMessage(given: unknown): Outgoing {
  const text = textOf(isObject(given) ? given.text : given);
  if (text === undefined) throw missing('There is no text to send', isObject(given) ? (given.text ?? given) : given);
  return { type: 'text', text };
}

/** Names the given value, since "no text" alone would be unclear to an author who passed an array. */
function missing(what: string, given: unknown): LinktorError {
  const instead = given === undefined || given === '' ? '' : `: "text" is ${describe(given)}`;
  return invalid(`${what}${instead}.`, 'Fill in the field "text" or give a text in msg.payload.');
}

/** @param given `{latitude, longitude, name?, address?}` in degrees */
export function locationMessage(given: unknown): Outgoing {
  const { latitude, longitude, name, address } = isObject(given) ? given : {};
  const degrees = (value: unknown, most: number, what: string) => {
    const figure = typeof value === 'string' ? readFigure(value) : value;
    if (typeof figure === 'number' && Math.abs(figure) <= most) return figure;
    throw invalid(
      `The location needs a ${what} between -${most} and ${most}, not ${describe(value)}.`,
      'Give {latitude, longitude} in degrees.',
    );
  };
  const location: Location = {
    latitude: degrees(latitude, 90, 'latitude'),
    longitude: degrees(longitude, 180, 'longitude'),
  };
  const label = textOf(name);
  const street = textOf(address);
  if (label !== undefined) location.name = label;
  if (street !== undefined) location.address = street;
  return { type: 'location', location };
}

/** @param given `{name, phones, emails}`; phones may be texts or `{type, number}` */
export function contactMessage(given: unknown): Outgoing {
  const card = isObject(given) ? given : {};
  const name = textOf(card.name);
  if (name === undefined) {
    throw invalid(
      `The contact card needs a name; there is ${describe(card === given ? card.name : given)}.`,
      'Give {name, phones, emails}.',
    );
  }
  const list = (value: unknown) =>
    value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  const filled = (value: unknown) => {
    const text = textOf(value);
    if (text === undefined) throw invalid('The contact card has an empty phone number or e-mail address.');
    return pastedAlone(text);
  };
  const phones = list(card.phones ?? card.phone).map((phone) =>
    isObject(phone) ? { ...phone, number: filled(phone.number) } : { type: 'mobile', number: filled(phone) },
  );
  const emails = list(card.emails ?? card.email).map(filled);
  if (phones.length + emails.length === 0) throw invalid('The contact card needs a phone number or an e-mail address.');
  const contact: ContactCard = { name, phones, emails };
  return { type: 'contact', contact };
}

/** @param given a list of titles or of `{title, id?, url?, phone?}` */
export function buttonsMessage(text: unknown, given: unknown): Outgoing {
  const rows = choices(given, 'button');
  const buttons = rows.map(({ id, title, url, phone }): InteractiveButton => {
    if (url !== undefined) return { type: 'url', id, title, url };
    return phone === undefined ? { type: 'reply', id, title } : { type: 'call', id, title, phone };
  });
  return interactiveMessage(text, { type: 'button', action: { buttons } });
}

/** @param given a list of titles or of `{title, id?, description?, section?}`; rows of one section stay together */
export function listMessage(text: unknown, given: unknown): Outgoing {
  const sections = new Map<string, { id: string; title: string; description?: string }[]>();
  for (const { id, title, description, section } of choices(given, 'list entry')) {
    const rows = sections.get(section ?? '') ?? [];
    rows.push(description === undefined ? { id, title } : { id, title, description });
    sections.set(section ?? '', rows);
  }
  return interactiveMessage(text, {
    type: 'list',
    action: { sections: [...sections].map(([title, rows]) => ({ title, rows })) },
  });
}

function interactiveMessage(given: unknown, interactive: Interactive): Outgoing {
  const text = textOf(given);
  if (text === undefined) throw missing('Buttons and lists need a text', given);
  return { type: 'interactive', interactive: { ...interactive, body: { text } } };
}

interface Choice {
  id: string;
  title: string;
  url?: string;
  phone?: string;
  description?: string;
  section?: string;
}

function choices(given: unknown, what: string): Choice[] {
  if (!Array.isArray(given) || given.length === 0) {
    const instead = given === undefined || given === '' ? '' : `: there is ${describe(given)}`;
    throw invalid(`There is no ${what}${instead}.`, 'Add one in the dialog, or give a list of {title, id}.');
  }
  // With its holes, which map would leave.
  return Array.from(given, (one: unknown) => {
    const row = isObject(one) ? one : { title: one };
    const title = textOf(row.title ?? row.text);
    if (title === undefined) {
      throw invalid(`A ${what} has no title: there is ${describe(row.title ?? row.text ?? one)}.`);
    }
    const { url, phone, description, section } = row;
    return {
      id: pastedAlone(textOf(row.id ?? row.payload) ?? title),
      title,
      url: webAddress(url) ?? textOf(url),
      phone: idOf(phone),
      description: textOf(description),
      section: textOf(section),
    };
  });
}

/**
 * @param given the template's name, or an object with `name`, `language` and `components`
 * @param parameters the values of the body's placeholders in order, those of all in an object by their names, or a list
 *   of `{placeholder, value}`
 */
export function templateMessage(given: unknown, language: string, parameters: unknown): Outgoing {
  const template: Given = isObject(given) ? given : { name: given };
  const name = idOf(template.name);
  if (name === undefined) throw invalid('The template has no name.', 'Fill in the field "template".');
  const values = Array.isArray(parameters) ? parameters : parameters === undefined ? [] : valuesOf(parameters);
  const components = values.length > 0 ? componentsOf(values) : template.components;
  const spoken = idOf(language) ?? idOf(template.language);
  if (spoken === undefined)
    throw invalid('The template needs a language.', 'Fill in the field "language", such as pt_BR.');
  return {
    type: 'template',
    template: { ...template, name, language: spoken, ...(components ? { components } : {}) } as Template,
  };
}

/** @param given the value of one placeholder, or those of all by their names */
function valuesOf(given: unknown): readonly unknown[] {
  const isOne = !isObject(given) || isPlaceholderValue(given) || typeof given.type === 'string';
  return isOne || kindOf(given) !== 'Object' ? [given] : placeholderValues(given);
}

function componentsOf(values: readonly unknown[]): object[] {
  if (values.every(isPlaceholderValue)) return componentsFor(values);
  return [{ type: 'body', parameters: values.map(parameterOf) }];
}

/** A plain value, or a parameter in the server's own format, such as `{type: 'currency', ...}`. */
function parameterOf(value: unknown): unknown {
  if (isObject(value) && typeof value.type === 'string') return value;
  const text = textOf(value);
  if (text === undefined) {
    throw invalid(`A template parameter is ${describe(value)}.`, 'Give a text or a number for each one.');
  }
  return { type: 'text', text };
}
