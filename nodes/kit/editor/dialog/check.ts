import { backtrackingPart } from '../../../../lib/text/pattern-syntax';
import { labelKey } from '../keys';
import type { FieldMeta } from '../meta';
import type { EditorNode, ValidateOptions, Verdict } from './host';
import { current, isShown, metaFor } from './values';

/** Node-RED accepts a text as a verdict only from validators with two parameters. */
type Validator = (this: EditorNode, value: unknown, options?: ValidateOptions) => Verdict;

/** @returns a validator for a field, which returns true or the problem in the user's language */
export function check(name: string): Validator {
  return function (value, _options) {
    const field = metaFor(this.type).fields[name];
    if (!field || !isShown(this, field)) return true;
    const text = value === undefined || value === null ? '' : String(value);
    if (/^\$\{[^}]+\}$/.test(text)) return true;
    // The problem is also shown at the node, so it names the field.
    const label = this._(labelKey(this.type, name));
    const wrong = (what: string) => `${label}: ${say(this, what, field)}`;
    if (field.kind === 'flag') return text === 'true' || wrong('tick');
    if (text.trim() === '') return !field.required || hasFallback(field) || wrong('required');
    if (field.kind === 'typed' || field.kind === 'out') {
      const type = current(this, `${name}Type`);
      if (type === 'json' && field.placeholdersOf !== undefined && lacksValue(text)) return wrong('placeholder');
      const verdict = RED.validators.typedInput({ type }).call(this, value, { label });
      return verdict === true && type === 'num' && !inRange(Number(text), field) ? wrong(range(field)) : verdict;
    }
    if (field.kind === 'number') return inRange(Number(text), field) || wrong(range(field));
    // The value of a variable is checked at run time.
    const filled = text.trim().replace(/\$\{[^\s{}]+\}/g, 'x');
    if (field.kind === 'path') {
      if (!/^\/?[\w\-./~%@]+$/.test(filled)) return wrong('path');
      // A stored path stays valid; any other could be a route of Node-RED or of another node.
      return text === this[name] || /^\/?linktor\/./i.test(filled) || wrong('ownPath');
    }
    if (field.format) return formats[field.format].test(filled) || wrong(field.format);
    if (!field.regexWhen || !isShown(this, { ...field, when: field.regexWhen })) return true;
    if (!isRegex(text)) return wrong('regex');
    // Patterns stored by 0.1.0 keep running, with a time limit.
    const isEarlier = this.version === undefined;
    return isEarlier || backtrackingPart(text) === undefined || wrong('slowRegex');
  };
}

const formats = {
  url: /^https?:\/\/[^\s?#@/]+(\/[^\s?#]*)?$/i,
  storeUrl: /^rediss?:\/\/(?:[^\s@/]*@)?[^\s?#@/]+(?:\/\d*)?(?:\?sentinel=[^\s&]+)?$/i,
  natsUrl: /^(?:(?:nats|tls):\/\/)?[^\s?#@/,]+(?:,\s*(?:(?:nats|tls):\/\/)?[^\s?#@/,]+)*$/i,
  socketUrl: /^(https?|wss?):\/\/[^\s?#@/]+(\/[^\s?#]*)?$/i,
};

/** @returns true for a table of placeholders of which one has no value */
function lacksValue(json: string): boolean {
  try {
    const rows: unknown = JSON.parse(json);
    return Array.isArray(rows) && rows.some((row) => typeof row?.placeholder === 'string' && row.value === '');
  } catch {
    return false;
  }
}

/** @returns true if an empty field falls back to a property of the message */
function hasFallback({ kind, property }: FieldMeta): boolean {
  return kind === 'typed' && !!property;
}

function inRange(figure: number, { min, max }: FieldMeta): boolean {
  return Number.isFinite(figure) && (min === undefined || figure >= min) && (max === undefined || figure <= max);
}

function range({ min, max }: FieldMeta): string {
  if (min !== undefined && max !== undefined) return 'number';
  return min !== undefined ? 'atLeast' : max !== undefined ? 'atMost' : 'anyNumber';
}

function isRegex(source: string): boolean {
  try {
    new RegExp(source, 'iu');
    return true;
  } catch {
    return false;
  }
}

function say(node: EditorNode, what: string, { min, max, unit }: FieldMeta): string {
  const words = unit ? node._(`linktor.unit.${unit}`) : '';
  return node
    ._(`linktor.invalid.${what}`, { min: min ?? '', max: max ?? '', unit: words })
    .replace(/\s+/g, ' ')
    .trim();
}
