import { invalid } from '../errors';
import { isObject, ownValue, type TemplateComponent } from '../model';
import { describe } from '../text/index';
import { webAddress } from './web-address';

/** A place in an approved template that a message fills in. */
export interface Placeholder {
  /** `body.1`, `body.name`, `header.1`, `header.image`, `button.0.url`, `button.0.code`, `button.0.otp`; buttons count from 0 */
  id: string;
  /** the text that it stands in, or the kind of file */
  preview: string;
}

/** A value for one placeholder. */
export interface PlaceholderValue {
  placeholder: string;
  value?: unknown;
}

const MEDIA_HEADERS = ['IMAGE', 'VIDEO', 'DOCUMENT'];
/** buttons that copy something */
const CODE_BUTTONS: Record<string, string> = { COPY_CODE: 'code', OTP: 'otp' };

/** @returns the placeholders of a template, in order; undefined for one with parts that each have their own, such as cards */
export function placeholdersOf(components: readonly TemplateComponent[]): Placeholder[] | undefined {
  if (components.some(({ type, format }) => type === 'CAROUSEL' || format === 'LOCATION')) return undefined;
  return components.flatMap(({ type, format = 'TEXT', text = '', buttons = [] }): Placeholder[] => {
    if (type === 'HEADER' && MEDIA_HEADERS.includes(format)) {
      const kind = format.toLowerCase();
      return [{ id: `header.${kind}`, preview: kind }];
    }
    if (type === 'HEADER') return namesIn(text).map((name) => ({ id: `header.${name}`, preview: text }));
    if (type === 'BODY') return namesIn(text).map((name) => ({ id: `body.${name}`, preview: text }));
    return type === 'BUTTONS' ? buttons.flatMap(inButton) : [];
  });
}

function inButton(button: Record<string, unknown>, index: number): Placeholder[] {
  const preview = [button.text, button.url].filter((one) => typeof one === 'string').join(' ');
  if (button.type === 'URL' && namesIn(String(button.url ?? '')).length > 0)
    return [{ id: `button.${index}.url`, preview }];
  const kind = ownValue(CODE_BUTTONS, String(button.type));
  return kind === undefined ? [] : [{ id: `button.${index}.${kind}`, preview }];
}

/** The names in double braces, each once; numbers in their order. */
function namesIn(text: string): string[] {
  const names = new Set([...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, name = '']) => name));
  const isNumbered = [...names].every((name) => /^\d+$/.test(name));
  return isNumbered ? [...names].sort((one, other) => Number(one) - Number(other)) : [...names];
}

export function isPlaceholderValue(value: unknown): value is PlaceholderValue {
  return isObject(value) && typeof value.placeholder === 'string';
}

/** @returns the values of an object: `{name: 'Ana'}`, `{1: 'Ana'}`, `{'header.image': 'https://...'}` */
export function placeholderValues(given: Record<string, unknown>): PlaceholderValue[] {
  return Object.entries(given).map(([name, value]) => ({
    placeholder: name.includes('.') ? name : `body.${name}`,
    value,
  }));
}

/**
 * @returns the parts of a template message, as its provider takes them
 * @throws LinktorError `validation` for a placeholder without a value, or one that no template has
 */
export function componentsFor(values: readonly PlaceholderValue[]): object[] {
  const header: object[] = [];
  const body: [name: string, parameter: object][] = [];
  const buttons: [index: number, component: object][] = [];
  for (const { placeholder, value } of values) {
    const [part = '', name = '', kind = ''] = placeholder.split('.');
    const text = textFor(placeholder, value);
    if (part === 'header' && MEDIA_HEADERS.includes(name.toUpperCase()))
      header.push({ type: name, [name]: { link: linkIn(placeholder, text) } });
    else if (part === 'header' && name !== '') header.push(parameter(name, text));
    else if (part === 'body' && name !== '') body.push([name, parameter(name, text)]);
    else if (part === 'button' && /^\d+$/.test(name) && Object.hasOwn(buttonsOf, kind))
      buttons.push([Number(name), buttonsOf[kind as keyof typeof buttonsOf](Number(name), text)]);
    else throw invalid(`No template has the placeholder "${placeholder}".`, KNOWN);
  }
  return [
    ...(header.length > 0 ? [{ type: 'header', parameters: header }] : []),
    ...(body.length > 0 ? [{ type: 'body', parameters: inOrder(body) }] : []),
    ...buttons.sort(([one], [other]) => one - other).map(([, component]) => component),
  ];
}

const KNOWN = 'Give body.1, body.name, header.1, header.image, button.0.url or button.0.code.';

const buttonsOf = {
  url: (index: number, text: string) => button('url', index, { type: 'text', text }),
  code: (index: number, text: string) => button('copy_code', index, { type: 'coupon_code', text }),
  otp: (index: number, text: string) => button('url', index, { type: 'text', text }),
};

function button(sub_type: string, index: number, ...parameters: object[]): object {
  return { type: 'button', sub_type, index, parameters };
}

function parameter(name: string, text: string): object {
  return /^\d+$/.test(name) ? { type: 'text', text } : { type: 'text', parameter_name: name, text };
}

/** Numbers are places: all of them have to be there. */
function inOrder(parameters: [name: string, parameter: object][]): object[] {
  const isNumbered = parameters.every(([name]) => /^\d+$/.test(name));
  if (!isNumbered) return parameters.map(([, one]) => one);
  const sorted = [...parameters].sort(([one], [other]) => Number(one) - Number(other));
  const gap = sorted.findIndex(([name], index) => Number(name) !== index + 1);
  if (gap >= 0) throw missing(`{{${gap + 1}}}`);
  return sorted.map(([, one]) => one);
}

function textFor(placeholder: string, value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (value === undefined || value === null || value === '') throw missing(placeholder);
  throw invalid(`The placeholder ${placeholder} of the template is ${describe(value)}.`, 'Give a text or a number.');
}

/** @throws LinktorError `validation` for what a provider could not open */
function linkIn(placeholder: string, text: string): string {
  const url = webAddress(text);
  if (url !== undefined) return url;
  throw invalid(
    `The placeholder ${placeholder} of the template is no web address.`,
    'Give one that starts with http:// or https://, and that everybody can open.',
  );
}

function missing(placeholder: string) {
  return invalid(
    `The placeholder ${placeholder} of the template has no value.`,
    'Give one for each placeholder, in the field "parameters".',
  );
}
