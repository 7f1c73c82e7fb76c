import { invalid } from './problem';

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Range {
  min?: number;
  max?: number;
  integer?: boolean;
}

/**
 * Reads the fields of a JSON body. A wrong type is a 400 that names the field; absent fields and nulls read as undefined.
 */
export class Form {
  readonly #fields: Fields;
  readonly #path: string;

  /**
   * @param value the parsed body; undefined (no body at all) counts as `{}`
   * @param path where this object sits in the body, for the names in errors
   */
  constructor(value: unknown, path = '') {
    if (value !== undefined && !isFields(value)) throw invalid(path || 'body', 'must be an object');
    this.#fields = value ?? {};
    this.#path = path;
  }

  name(field: string): string {
    return this.#path ? `${this.#path}.${field}` : field;
  }

  raw(field: string): unknown {
    return this.#fields[field] ?? undefined;
  }

  /** Is the field present, `null` included? */
  has(field: string): boolean {
    return Object.hasOwn(this.#fields, field);
  }

  fields(): Fields {
    return this.#fields;
  }

  text(field: string): string | undefined {
    const value = this.raw(field);
    if (value !== undefined && typeof value !== 'string') throw invalid(this.name(field), 'must be a string');
    return value;
  }

  /** A string with at least one visible character. */
  needText(field: string): string {
    const value = this.text(field);
    if (value === undefined || value.trim() === '') throw invalid(this.name(field), 'is required');
    return value;
  }

  flag(field: string): boolean | undefined {
    const value = this.raw(field);
    if (value !== undefined && typeof value !== 'boolean') throw invalid(this.name(field), 'must be true or false');
    return value;
  }

  number(field: string, { min = -Infinity, max = Infinity, integer = false }: Range = {}): number | undefined {
    const value = this.raw(field);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value) || (integer && !Number.isInteger(value))) {
      throw invalid(this.name(field), integer ? 'must be a whole number' : 'must be a number');
    }
    if (value < min || value > max) throw invalid(this.name(field), `must be between ${min} and ${max}`);
    return value;
  }

  needNumber(field: string, range?: Range): number {
    const value = this.number(field, range);
    if (value === undefined) throw invalid(this.name(field), 'is required');
    return value;
  }

  choice<T extends string>(field: string, choices: readonly T[]): T | undefined {
    const value = this.text(field);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw invalid(this.name(field), `must be one of ${choices.join(', ')}`);
    return found;
  }

  needChoice<T extends string>(field: string, choices: readonly T[]): T {
    const value = this.choice(field, choices);
    if (value === undefined) throw invalid(this.name(field), `is required: one of ${choices.join(', ')}`);
    return value;
  }

  map(field: string): Fields | undefined {
    const value = this.raw(field);
    if (value !== undefined && !isFields(value)) throw invalid(this.name(field), 'must be an object');
    return value;
  }

  list(field: string): unknown[] | undefined {
    const value = this.raw(field);
    if (value !== undefined && !Array.isArray(value)) throw invalid(this.name(field), 'must be an array');
    return value;
  }

  texts(field: string): string[] | undefined {
    const value = this.list(field);
    if (value === undefined) return undefined;
    if (!value.every((item) => typeof item === 'string'))
      throw invalid(this.name(field), 'must be an array of strings');
    return value;
  }

  needTexts(field: string): string[] {
    const value = this.texts(field);
    if (value === undefined || value.length === 0) throw invalid(this.name(field), 'must name at least one');
    return value;
  }

  /** The object in `field`, to be read field by field. */
  form(field: string): Form | undefined {
    return this.raw(field) === undefined ? undefined : new Form(this.raw(field), this.name(field));
  }

  /** The objects of the array in `field`. */
  forms(field: string): Form[] | undefined {
    return this.list(field)?.map((item, index) => new Form(item ?? null, `${this.name(field)}[${index}]`));
  }

  /** Copies the result of `read` into `target` when the body has the field; null clears it. */
  patch<T extends object, K extends keyof T & string>(
    target: T,
    field: K,
    read: (field: string) => T[K] | undefined,
  ): void {
    if (!this.has(field)) return;
    const value = read(field);
    if (value === undefined) delete target[field];
    else target[field] = value;
  }
}
