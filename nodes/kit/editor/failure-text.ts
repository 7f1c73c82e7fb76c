/** The catalogue of the nodes. */
const catalogue = '@linktor/node-red-linktor/linktor';
/** Its block with the texts of failures. */
const block = 'failure';

type Translate = (key: string, values: Record<string, string>) => string;

/** The editor's library of texts. The editor always loads the English catalogue as well, as its fallback. */
declare const i18next: { getResource(language: string, namespace: string, key: string): unknown } | undefined;

/**
 * The server states failures in English, in the words of the block `failure` of the English catalogue.
 * @param english message or hint of a failure
 * @param translate looks up a key of the catalogue
 * @returns the text in the editor's language; undefined for a text that is not in the catalogue
 */
export function failureText(english: string, translate: Translate): string | undefined {
  const known = typeof i18next === 'undefined' ? {} : i18next.getResource('en-US', catalogue, `linktor.${block}`);
  for (const [key, pattern] of Object.entries((known ?? {}) as Record<string, string>)) {
    const values = valuesIn(english, pattern);
    if (values) return translate(`${catalogue}:linktor.${block}.${key}`, values);
  }
  return undefined;
}

/**
 * @param pattern a text with places such as `__reason__`
 * @returns what stands at the places; undefined when the text is another one
 */
export function valuesIn(text: string, pattern: string): Record<string, string> | undefined {
  const [start = '', ...rest] = pattern.split(/__(\w+?)__/);
  if (!text.startsWith(start)) return undefined;
  const values: Record<string, string> = {};
  let at = start.length;
  for (let index = 0; index < rest.length; index += 2) {
    const [place = '', literal = ''] = rest.slice(index, index + 2);
    const isLast = index + 2 >= rest.length;
    const end = isLast ? text.length - literal.length : text.indexOf(literal, at);
    if (end <= at || !text.startsWith(literal, end)) return undefined;
    values[place] = text.slice(at, end);
    at = end + literal.length;
  }
  return at === text.length ? values : undefined;
}
